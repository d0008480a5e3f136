#!/usr/bin/python
# WANT_JSON
import json
import sys

with open(sys.argv[1]) as given:
    print(json.dumps({"changed": False, "msg": json.load(given).get("text")}))
