#!/bin/sh
# The lab's crictl: it knows its version; kubeadm and the kubelet talk to CRI-O themselves.
case $1 in
    --version | -v) echo "crictl version v@VERSION@ (rustible lab)" ;;
    *)
        echo "crictl (rustible lab): '$*' is not imitated" >&2
        exit 1
        ;;
esac
