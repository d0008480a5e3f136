#!/bin/sh
# The lab's way to crun: takes out of a container's settings what the lab's machines cannot do.
bundle=. making= process= before=
for word; do
    case $before in
        -b | --bundle) bundle=$word ;;
        -p | --process) process=$word ;;
    esac
    case $word in
        create | run) making=yes ;;
        --bundle=*) bundle=${word#*=} ;;
        --process=*) process=${word#*=} ;;
    esac
    before=$word
done
settings=$bundle/config.json
if [ -n "$making" ] && [ -f "$settings" ]; then
    own=$(cat /proc/self/oom_score_adj)
    jq -c --argjson own "$own" '
        .ociVersion = "1.0.2"
        | if (.process.oomScoreAdj // $own) < $own then .process.oomScoreAdj = $own else . end
        | del(.process.rlimits)
        | if .process.capabilities then .process.capabilities |= map_values(map(select(. != "CAP_SYS_RESOURCE"))) else . end
        | if .linux.resources then del(.linux.resources.hugepageLimits, .linux.resources.network, .linux.resources.rdma) else . end
        | if (.linux.resources.pids.limit // 1) <= 0 then del(.linux.resources.pids) else . end
    ' "$settings" > "$settings.lab" && mv "$settings.lab" "$settings" || exit 1
fi
# A command in a running container has settings of its own.
if [ -n "$process" ] && [ -f "$process" ]; then
    jq -c 'del(.rlimits, .oomScoreAdj)
        | if .capabilities then .capabilities |= map_values(map(select(. != "CAP_SYS_RESOURCE"))) else . end
    ' "$process" > "$process.lab" && cat "$process.lab" > "$process" && rm "$process.lab" || exit 1
fi
exec /usr/bin/crun "$@"
