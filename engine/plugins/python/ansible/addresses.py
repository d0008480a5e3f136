"""Addresses of hosts, with ports and ranges."""
import re

from ansible.errors import AnsibleError, AnsibleParserError

RANGE = r'\[(?:[0-9]+:[0-9]+(?::[0-9]+)?|[a-zA-Z]:[a-zA-Z](?::[0-9]+)?|[0-9]*:[0-9]+)\]'
HOST = re.compile(r'(?:[\w.\-]|%s)+' % RANGE)
BRACKETED = re.compile(r'\[(.+)\](?::([0-9]+))?')
WITH_PORT = re.compile(r'((?:[^:\[\]]|\[[^\]]*\])+):([0-9]+)')
SIXTH = re.compile(r'[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.\-]+)?')


def parse_address(address, allow_ranges=False):
    """A host and its port; the port is nothing where none is given."""
    host, port = address, None
    found = BRACKETED.fullmatch(address)
    if found and not re.fullmatch(RANGE, '[%s]' % found.group(1)):
        host, port = found.groups()
    else:
        found = WITH_PORT.fullmatch(address)
        if found:
            host, port = found.groups()
    if not (HOST.fullmatch(host) or SIXTH.fullmatch(host)):
        raise AnsibleError('Not a valid network hostname: %s' % address)
    if '[' in host and not allow_ranges:
        raise AnsibleParserError('Detected range in host but was asked to ignore ranges')
    return host, int(port) if port else None
