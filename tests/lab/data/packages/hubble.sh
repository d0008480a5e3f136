#!/bin/sh
# The lab's hubble-cli: it knows its version.
case $1 in
    version) echo "hubble @VERSION@ (rustible lab)" ;;
    *)
        echo "hubble (rustible lab): '$*' is not imitated" >&2
        exit 1
        ;;
esac
