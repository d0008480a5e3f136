#!/bin/sh
echo '{"ping": "from the library"}'
