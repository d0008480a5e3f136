#!/bin/sh
# The lab's nvidia-smi: the driver answers from the first boot after its installation on, if the machine has a card.
boot=$(cat /proc/sys/kernel/random/boot_id)
if ! grep -qs '^[^#]' /etc/rustible-lab/pci; then
    echo "No devices were found"
    exit 6
fi
if [ "$boot" = "$(cat /var/lib/rustible-lab/nvidia-installed 2>/dev/null)" ]; then
    echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
    echo
    exit 9
fi
case $* in
    *--query-gpu=*) echo "GPU of the rustible lab, @DRIVER@" ;;
    *-L*) echo "GPU 0: GPU of the rustible lab (UUID: GPU-00000000-0000-0000-0000-000000000001)" ;;
    *) printf '%s\n' "NVIDIA-SMI @DRIVER@    Driver Version: @DRIVER@    (rustible lab)" "GPU 0: GPU of the rustible lab" ;;
esac
