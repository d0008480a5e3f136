#!/bin/sh
# Arguments come as words.
. "$1"
echo "a line before the result"
echo "{\"msg\": \"${greeting:-Hello}, ${name:-World}!\", \"check\": \"$_ansible_check_mode\", \"changed\": true}"
echo "a line behind it"
