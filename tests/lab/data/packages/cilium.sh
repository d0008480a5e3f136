#!/bin/sh
# The lab's cilium-cli: it knows its version.
case $1 in
    version) printf '%s\n' "cilium-cli: @VERSION@ (rustible lab)" "cilium image (default): none" ;;
    *)
        echo "cilium (rustible lab): '$*' is not imitated" >&2
        exit 1
        ;;
esac
