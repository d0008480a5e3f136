#!/usr/bin/python
print('{"changed": false, "source": "collection"}')
