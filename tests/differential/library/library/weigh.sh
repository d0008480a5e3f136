#!/bin/sh
# WANT_JSON
printf '{"changed": false, "bytes": %d, "json": %s}' "$(($(wc -c < "$1") > 10))" "$(sed 's/, "_ansible_check_mode.*/}/' "$1")"
