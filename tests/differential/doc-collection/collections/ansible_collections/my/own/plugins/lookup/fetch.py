DOCUMENTATION = '''
name: fetch
short_description: Fetches
author: me
description: Fetches.
options:
  _terms: {description: What., required: true}
  base:
    description: From where.
    default: x
    type: path
    env: [{name: FETCH_BASE, version_added: 1.1.0}]
    ini: [{section: fetch, key: base}]
    vars: [{name: fetch_base}]
'''
RETURN = '''
_raw: {description: Texts., type: list, elements: str}
'''
