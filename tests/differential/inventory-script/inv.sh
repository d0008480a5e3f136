#!/bin/sh
echo '{"g": {"hosts": ["a"], "vars": {"v": 1}, "children": ["s"]}, "s": ["b"], "_meta": {"hostvars": {"a": {"x": 1}}}}'
