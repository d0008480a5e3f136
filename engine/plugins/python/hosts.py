"""Inventory plugins, and plugins for variables."""
import base64
import os
from collections.abc import Mapping, MutableMapping

import rustible_values as values
from rustible_helper import ask, described, operation, say
from rustible_loading import CLASSES, beside, define, module, roots

INSTANCES = {}
LOCALHOST = ('localhost', '127.0.0.1', '::1')


def meet(places):
    roots(places[0])
    beside(places[1])


def loader():
    """Reads files, also encrypted ones."""
    from ansible.parsing.dataloader import DataLoader

    class Loader(DataLoader):
        def _decrypt_if_vault_data(self, b_data, *more):
            if b_data.startswith(b'$ANSIBLE_VAULT;'):
                return base64.b64decode(ask('decrypt', base64.b64encode(b_data).decode())), False
            return b_data, True

    made = Loader()
    made.set_basedir(ask('basedir'))
    return made


def instance(kind, name, path, full):
    """A plugin, made as the reference makes it: what it is called is known to it from the start."""
    loaded = module(kind, path, full)
    shown = full or name
    define(kind, shown, path, loaded)
    made = object.__new__(getattr(loaded, CLASSES[kind][0]))
    for attribute, value in (('_load_name', shown), ('_original_path', path), ('_redirected_names', [name]),
                             ('ansible_name', name), ('ansible_aliases', [name])):
        setattr(made, attribute, value)
    made.__init__()
    return made


def host_of(name, variables):
    from ansible.inventory.host import Host
    host = Host(name)
    host.vars = dict(variables)
    return host


def group_of(name, variables, priority, depth=0):
    from ansible.inventory.group import Group
    # A name that is known already is not looked at again.
    group = Group('')
    group.name = name
    group.vars = dict(variables)
    group.priority = priority
    group.depth = depth
    return group


def data_of(state):
    """What the sources before gave."""
    from ansible.inventory.data import InventoryData

    class Data(InventoryData):
        _target_plugin = None

        def set_variable(self, entity, varname, value):
            if getattr(self._target_plugin, 'trusted_by_default', False):
                value = trusted(value)
            super().set_variable(entity, varname, value)

    data = Data()
    data.groups.clear()
    for name, variables, priority, _, _ in state['groups']:
        data.groups[name] = group_of(name, variables, priority)
    for name, variables in state['hosts']:
        data.hosts[name] = host_of(name, variables)
        if name in LOCALHOST and data.localhost is None:
            data.localhost = data.hosts[name]
    for name, _, _, children, members in state['groups']:
        for child in children:
            data.groups[name].add_child_group(data.groups[child])
        for member in members:
            data.groups[name].add_host(data.hosts[member])
    data.current_source = state['source']
    return data


def trusted(value):
    if isinstance(value, str):
        return values.trust_as_template(value)
    if isinstance(value, Mapping):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [trusted(item) for item in value]
    return value


def before(state):
    """The variables as they were, in the form in which they travel."""
    known = {}
    for kind, entries in (('group', state['groups']), ('host', state['hosts'])):
        for name, variables, *_ in entries:
            known[kind, name] = {key: values.encode(value) for key, value in variables.items()}
    return known


def told(data, known):
    """All groups and hosts; variables that nobody changed by their names only."""
    def changes(kind, entity):
        old = known.get((kind, entity.name), {})
        for key, value in entity.vars.items():
            same = key in old and old[key] == values.encode(value)
            yield [str(key)] if same else [str(key), value]

    groups = [[group.name, list(changes('group', group)), group.priority, [child.name for child in group.child_groups],
               [host.name for host in group.hosts]] for group in data.groups.values()]
    hosts = [[host.name, list(changes('host', host))] for host in data.hosts.values()]
    return {'groups': groups, 'hosts': hosts}


@operation
def inventory(name, path, full, source, state, cache, extra, places):
    """Let a plugin read a source on top of what is known."""
    meet(places)
    if extra:
        from ansible.utils import vars as utilities
        utilities.load_extra_vars.extra_vars = extra
    plugin = instance('inventory', name, path, full)
    try:
        wants = bool(plugin.verify_file(source))
    except Exception:
        wants = False
    if not wants:
        return None
    known, data = before(state), data_of(state)
    data._target_plugin = plugin
    answer = {'name': plugin._load_name}
    try:
        plugin.parse(data, loader(), source, cache=cache)
        update = getattr(plugin, 'update_cache_if_changed', None)
        try:
            if update is not None:
                update()
        except AttributeError:
            pass
    except Exception as error:
        answer['failed'] = described(error)['messages']
    answer['state'] = told(data, known)
    return answer


@operation
def vars_plugins(candidates, places):
    """Those that need not be asked for, of the files of all folders."""
    meet(places)
    names = []
    for name, path in candidates:
        try:
            loaded = module('vars', path, None)
        except Exception as error:
            say('warning', 'Skipping plugin (%s), cannot load: %s' % (path, error))
            continue
        try:
            found = loaded.VarsModule
        except AttributeError as error:
            say('warning', 'Skipping plugin (%s) as it seems to be invalid: %s' % (path, error))
            continue
        if not getattr(found, 'REQUIRES_ENABLED', False):
            names.append(name)
    return names


def entity(is_group, told):
    if is_group:
        return group_of(told['name'], told['vars'], told['priority'], told['depth'])
    host = host_of(told['name'], told['vars'])
    host.groups = [group_of(name, {}, priority, depth) for name, depth, priority in told['groups']]
    return host


def runs(plugin, stage, when):
    """Whether the plugin is for that stage: by its own option, else by the setting for all."""
    try:
        allowed = plugin.get_option('stage')
    except (AttributeError, KeyError):
        allowed = None
    if allowed:
        return allowed in ('all', stage)
    return (when, stage) not in (('demand', 'inventory'), ('start', 'task'))


@operation
def vars_of(name, path, full, folder, entities, stage, when, places):
    """The variables that a plugin has for hosts or groups."""
    meet(places)
    plugin = INSTANCES.get(path)
    if plugin is None:
        plugin = instance('vars', name, path, full)
        if getattr(plugin, 'is_stateless', False):
            INSTANCES[path] = plugin
    if full and hasattr(plugin, 'REQUIRES_ENABLED'):
        say('warning', 'Vars plugins in collections must be enabled to be loaded, REQUIRES_ENABLED is not supported. '
                       'This should be removed from the plugin %s.' % plugin.ansible_name)
    if not runs(plugin, stage, when):
        return {}
    found = plugin.get_vars(loader(), folder, [entity(each['group'], each) for each in entities])
    if not isinstance(found, MutableMapping):
        from ansible.errors import AnsibleError
        raise AnsibleError("failed to combine variables, expected dicts but got a 'dict' and a '%s'" % type(found).__name__)
    return dict(found)
