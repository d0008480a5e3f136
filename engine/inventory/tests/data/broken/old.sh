#!/bin/sh
case $1 in --list) echo '{"g": ["a","b"], "h": {"v": 1}}';; --host) echo '{"q": "'$2'"}';; esac
