#!/usr/bin/python
"""A module that warns. It takes its arguments as JSON in a file."""
# WANT_JSON
import json

print(json.dumps({'changed': False, 'warnings': ['something is odd']}))
