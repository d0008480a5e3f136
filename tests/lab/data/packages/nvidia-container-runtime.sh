#!/bin/sh
# The lab's nvidia-container-runtime: there is no device to hand in, so it calls the first runtime of its settings that exists.
settings=/etc/nvidia-container-runtime/config.toml
runtimes=$(sed -n 's/^[[:space:]]*runtimes[[:space:]]*=[[:space:]]*\[\(.*\)\].*/\1/p' "$settings" | tr -d '",')
for runtime in $runtimes; do
    [ -x "$runtime" ] && exec "$runtime" "$@"
done
echo "nvidia-container-runtime (rustible lab): none of the runtimes in $settings exists: $runtimes" >&2
exit 1
