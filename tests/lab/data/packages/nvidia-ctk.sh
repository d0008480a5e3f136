#!/bin/sh
# The lab's nvidia-ctk: it knows its version and nothing else.
case $1 in
    --version | -v) echo "NVIDIA Container Toolkit CLI version @VERSION@ (rustible lab)" ;;
    *)
        echo "nvidia-ctk (rustible lab): '$*' is not imitated" >&2
        exit 1
        ;;
esac
