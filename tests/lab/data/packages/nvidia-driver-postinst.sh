mkdir -p /var/lib/rustible-lab
cat /proc/sys/kernel/random/boot_id > /var/lib/rustible-lab/nvidia-installed
