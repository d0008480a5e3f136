"""Hosts."""
from collections.abc import Mapping, MutableMapping

from ansible.inventory.group import InventoryObjectType
from ansible.utils.vars import combine_vars


class Host:
    base_type = InventoryObjectType.HOST

    def __init__(self, name=None, port=None, gen_uuid=True):
        self.name = self.address = name
        self.vars = {}
        self.groups = []
        self.implicit = False
        if port:
            self.set_variable('ansible_port', int(port))

    def __repr__(self):
        return self.name

    __str__ = __repr__

    def __eq__(self, other):
        return isinstance(other, Host) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def get_name(self):
        return self.name

    def get_groups(self):
        return self.groups

    def add_group(self, group):
        added = group not in self.groups
        for each in [*group.get_ancestors(), group]:
            if each not in self.groups:
                self.groups.append(each)
        return added

    def remove_group(self, group):
        if group not in self.groups:
            return False
        self.groups.remove(group)
        for above in group.get_ancestors():
            if above.name != 'all' and not any(above in each.get_ancestors() for each in self.groups):
                self.remove_group(above)
        return True

    def populate_ancestors(self, additions=None):
        for group in list(self.groups) if additions is None else additions:
            self.add_group(group)

    def set_variable(self, key, value):
        old = self.vars.get(key)
        if isinstance(old, MutableMapping) and isinstance(value, Mapping):
            self.vars = combine_vars(self.vars, {key: value})
        else:
            self.vars[key] = value

    def get_magic_vars(self):
        names = sorted(group.name for group in self.groups if group.name != 'all')
        return {'inventory_hostname': self.name, 'inventory_hostname_short': self.name.split('.')[0], 'group_names': names}

    def get_vars(self):
        return combine_vars(self.vars, self.get_magic_vars())
