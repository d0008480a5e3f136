#!/bin/sh
# The lab's ceph: it knows its version; there is no Ceph cluster in a lab.
case $1 in
    --version | -v) echo "ceph version @VERSION@ (rustible lab)" ;;
    *)
        echo "ceph (rustible lab): there is no cluster to ask" >&2
        exit 1
        ;;
esac
