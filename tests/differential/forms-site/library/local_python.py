#!/usr/bin/python
import json
import sys

with open(sys.argv[1]) as file:
    words = dict(part.split('=', 1) for part in file.read().split() if '=' in part)
print(json.dumps({'changed': False, 'word': words.get('word', 'none').strip("'\"")}))
