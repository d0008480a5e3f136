#!/bin/sh
echo "no result here"
echo "and an error" >&2
exit 3
