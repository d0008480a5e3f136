"""Groups of hosts."""
import re
from collections.abc import Mapping, MutableMapping
from enum import Enum

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible.utils.vars import combine_vars

display = Display()


class InventoryObjectType(Enum):
    HOST = 0
    GROUP = 1


def to_safe_group_name(name, replacer='_', force=False, silent=False):
    """A name that is fit for a variable, as far as the settings want it."""
    valid = re.sub(r'^[^A-Za-z_]|\W', replacer, name, flags=re.ASCII) if name else name
    if valid == name:
        return name
    how = C.TRANSFORM_INVALID_GROUP_CHARS
    replaced = force or how not in ('never', 'ignore')
    if replaced and not silent and how != 'silently':
        display.warning('Invalid characters were found in group names and automatically replaced, use -vvvv to see details')
    elif not replaced and how == 'never':
        display.warning('Invalid characters were found in group names but not replaced, use -vvvv to see details')
    return valid if replaced else name


class Group:
    base_type = InventoryObjectType.GROUP

    def __init__(self, name=None):
        self.name = to_safe_group_name(name)
        self.depth = 0
        self.priority = 1
        self.vars = {}
        self.hosts = []
        self.child_groups = []
        self.parent_groups = []

    def __repr__(self):
        return self.name

    __str__ = __repr__

    def get_name(self):
        return self.name

    @property
    def host_names(self):
        return {host.name for host in self.hosts}

    def _reached(self, relation):
        """All groups that the relation leads to, the nearest first."""
        found, level = [], list(getattr(self, relation))
        while level:
            found.extend(level)
            after = [each for group in level for each in getattr(group, relation)]
            level = [group for at, group in enumerate(after) if group not in found and group not in after[:at]]
        return found

    def get_ancestors(self):
        return set(self._reached('parent_groups'))

    def get_descendants(self, include_self=False, preserve_ordering=False):
        found = ([self] if include_self else []) + self._reached('child_groups')
        return found if preserve_ordering else set(found)

    def add_child_group(self, group):
        if group is self:
            raise Exception("can't add group to itself")
        if group in self.child_groups:
            return False
        above = self.get_ancestors()
        if group in above:
            raise AnsibleError("Adding group '%s' as child to '%s' creates a recursive dependency loop." % (group.name, self.name))
        self.child_groups.append(group)
        group.parent_groups.append(self)
        group._sink(self.depth + 1)
        for host in group.get_hosts():
            host.populate_ancestors({self, *above})
        return True

    def _sink(self, depth):
        if self.depth < depth:
            self.depth = depth
            for child in self.child_groups:
                child._sink(depth + 1)

    def add_host(self, host):
        if any(each.name == host.name for each in self.hosts):
            return False
        self.hosts.append(host)
        host.add_group(self)
        return True

    def remove_host(self, host):
        if host not in self.hosts:
            return False
        self.hosts.remove(host)
        host.remove_group(self)
        return True

    def get_hosts(self):
        hosts = {}
        for group in self.get_descendants(include_self=True, preserve_ordering=True):
            hosts.update((host.name, host) for host in group.hosts if host.name not in hosts)
        return [host for host in hosts.values() if not (self.name == 'all' and host.implicit)]

    def set_variable(self, key, value):
        if key == 'ansible_group_priority':
            return self.set_priority(value)
        old = self.vars.get(key)
        if isinstance(old, MutableMapping) and isinstance(value, Mapping):
            self.vars = combine_vars(self.vars, {key: value})
        else:
            self.vars[key] = value

    def get_vars(self):
        return dict(self.vars)

    def set_priority(self, priority):
        try:
            self.priority = int(priority)
        except (TypeError, ValueError) as error:
            display.warning("Invalid priority value '%s' for group '%s'.Setting priority to default value.: %s" % (
                priority, self.name, error))
