#!/bin/sh
# The lab's ubuntu-drivers: lists the drivers of the lab when the machine has a card of NVIDIA.
if [ "$1" != list ]; then
    echo "ubuntu-drivers (rustible lab): '$*' is not imitated" >&2
    exit 2
fi
grep -qs '^[^#]' /etc/rustible-lab/pci || exit 0
for version in 535 570 580; do
    echo "nvidia-driver-$version-server, (kernel modules provided by linux-modules-nvidia-$version-server-generic)"
    [ "$2" = --gpgpu ] || echo "nvidia-driver-$version, (kernel modules provided by linux-modules-nvidia-$version-generic)"
done
