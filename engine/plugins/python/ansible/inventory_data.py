"""Hosts and groups of a run."""
import os

from ansible.errors import AnsibleError
from ansible.inventory.group import Group
from ansible.inventory.host import Host
from ansible.utils.display import Display

display = Display()
LOCALHOST = ('localhost', '127.0.0.1', '::1')


class InventoryData:
    def __init__(self):
        self.groups = {}
        self.hosts = {}
        self.localhost = None
        self.current_source = None
        self.processed_sources = []
        for group in ('all', 'ungrouped'):
            self.add_group(group)
        self.add_child('all', 'ungrouped')

    def get_host(self, hostname):
        return self.hosts.get(hostname)

    def add_group(self, group):
        if not group:
            raise AnsibleError('Invalid empty/false group name provided: %s' % group)
        if not isinstance(group, str):
            raise AnsibleError('Invalid group name supplied, expected a string but got %s for %s' % (type(group), group))
        if group not in self.groups:
            made = Group(group)
            group = made.name
            self.groups.setdefault(group, made)
        return group

    def remove_group(self, group):
        self.groups.pop(group.name, None)
        for host in self.hosts.values():
            host.remove_group(group)

    def add_host(self, host, group=None, port=None):
        if not host:
            raise AnsibleError('Invalid empty host name provided: %s' % host)
        if not isinstance(host, str):
            raise AnsibleError('Invalid host name supplied, expected a string but got %s for %s' % (type(host), host))
        if group and group not in self.groups:
            raise AnsibleError('Could not find group %s in inventory' % group)
        if host not in self.hosts:
            self.hosts[host] = Host(host, port)
            source = self.current_source
            self.set_variable(host, 'inventory_file', source or None)
            folder = source if not source or os.path.isdir(source) else os.path.dirname(source)
            self.set_variable(host, 'inventory_dir', folder or None)
            if host in LOCALHOST and self.localhost is None:
                self.localhost = self.hosts[host]
            elif host in LOCALHOST:
                display.warning('A duplicate localhost-like entry was found (%s). First found localhost was %s' % (
                    host, self.localhost.name))
        if group:
            self.groups[group].add_host(self.hosts[host])
        return host

    def remove_host(self, host):
        self.hosts.pop(host.name, None)
        for group in self.groups.values():
            group.remove_host(host)

    def set_variable(self, entity, varname, value):
        for known in (self.groups, self.hosts):
            if entity in known:
                return known[entity].set_variable(varname, value)
        raise AnsibleError('Could not identify group or host named %s' % entity)

    def add_child(self, group, child):
        if group not in self.groups:
            raise AnsibleError('%s is not a known group' % group)
        if child in self.groups:
            return self.groups[group].add_child_group(self.groups[child])
        if child in self.hosts:
            return self.groups[group].add_host(self.hosts[child])
        raise AnsibleError('%s is not a known host nor group' % child)

    def get_groups_dict(self):
        return {name: [host.name for host in group.get_hosts()] for name, group in self.groups.items()}
