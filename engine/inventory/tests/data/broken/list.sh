#!/bin/sh
echo hi >&2
echo "[]"
