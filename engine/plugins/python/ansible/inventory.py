"""Inventory plugins, and what they share: options, groups made of variables, a cache."""
import hashlib
import json
import os
import re
import string
import time
from collections.abc import Mapping, MutableMapping

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import to_safe_group_name as fit_name
from ansible.parsing.utils.addresses import parse_address
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display
from ansible.utils.vars import combine_vars, load_extra_vars

display = Display()
EMPTY = (None, '')


def to_safe_group_name(name):
    return fit_name(name, force=True, silent=True)


def detect_range(line=None):
    return '[' in line


def expand_hostname_range(line=None):
    """All names of a pattern with ranges."""
    found = re.fullmatch(r'(.*?)\[([^\]]*)\](.*)', line or '', re.DOTALL)
    if not found:
        return [line] if line else []
    head, inner, tail = found.groups()
    bounds = inner.split(':')
    if len(bounds) not in (2, 3):
        raise AnsibleError('host range must be begin:end or begin:end:step')
    first, last = bounds[0] or '0', bounds[1]
    step = int(bounds[2]) if len(bounds) == 3 else 1
    if not last:
        raise AnsibleError('host range must specify end value')
    width = len(first) if len(first) > 1 and first[0] == '0' else 0
    if width and width != len(last):
        raise AnsibleError('host range must specify equal-length begin and end formats')
    letters = string.ascii_letters
    if first in letters and last in letters:
        if letters.index(first) > letters.index(last):
            raise AnsibleError('host range must have begin <= end')
        items = letters[letters.index(first):letters.index(last) + 1:step]
    else:
        items = [str(number).zfill(width) for number in range(int(first), int(last) + 1, step)]
    return [name for item in items for name in expand_hostname_range(head + item + tail)]


class Store(MutableMapping):
    """What a plugin keeps between runs: in files, or in memory only."""

    def __init__(self, name, place, timeout, prefix):
        self._file = None
        if name in ('jsonfile', 'ansible.builtin.jsonfile'):
            if not place:
                raise AnsibleError("error, '%s' inventory cache plugin requires the one of the following to be set to a writeable directory path:\nansible.cfg:\n[default]: fact_caching_connection,\n[inventory]: cache_connection;\nEnvironment:\nANSIBLE_INVENTORY_CACHE_CONNECTION,\nANSIBLE_CACHE_PLUGIN_CONNECTION." % name)
            self._folder = os.path.expanduser(os.path.expandvars(place))
            os.makedirs(self._folder, exist_ok=True)
            self._file = lambda key: os.path.join(self._folder, (prefix or '') + key)
        elif name not in ('memory', 'ansible.builtin.memory'):
            raise AnsibleError("the cache plugin '%s' is not among those that rustible has for inventories where no ansible-core is installed" % name)
        self._timeout = float(timeout or 0)
        self._known, self._before = {}, {}

    def _read(self, key):
        path = self._file and self._file(key)
        if not path or not os.path.exists(path):
            return
        if self._timeout and time.time() - os.path.getmtime(path) > self._timeout:
            return
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self._known[key], self._before[key] = json.loads(text), text

    def __getitem__(self, key):
        if key not in self._known:
            self._read(key)
        return self._known[key]

    def __setitem__(self, key, value):
        self._known[key] = value

    def __delitem__(self, key):
        del self._known[key]
        path = self._file and self._file(key)
        if path and os.path.exists(path):
            os.unlink(path)

    def __contains__(self, key):
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __iter__(self):
        return iter(list(self._known))

    def __len__(self):
        return len(self._known)

    def set_cache(self):
        for key, value in self._known.items():
            text = json.dumps(value, indent=4, sort_keys=True)
            if self._file and text != self._before.get(key):
                with open(self._file(key), 'w', encoding='utf-8') as file:
                    file.write(text)
                self._before[key] = text

    update_cache_if_changed = set_cache

    def flush(self):
        for key in list(self):
            del self[key]

    clear = flush


class _BaseInventoryPlugin(AnsiblePlugin):
    kind = 'inventory'
    TYPE = 'generator'
    trusted_by_default = False
    _sanitize_group_name = staticmethod(to_safe_group_name)
    _redirected_names = None

    def __init__(self):
        super().__init__()
        self.display = display
        self.loader = self.inventory = self._vars = None

    @property
    def templar(self):
        if '_templar' not in self.__dict__:
            from rustible_operations import Templar
            self._templar = Templar({}, self.loader)
        return self._templar

    def parse(self, inventory, loader, path, cache=True):
        self.inventory, self.loader = inventory, loader
        self._vars = load_extra_vars(loader)

    def verify_file(self, path):
        return os.path.exists(path) and os.access(path, os.R_OK)

    def _populate_host_vars(self, hosts, variables, group=None, port=None):
        if not isinstance(variables, Mapping):
            raise AnsibleParserError('Invalid data from file, expected dictionary and got:\n\n%s' % variables)
        for host in hosts:
            self.inventory.add_host(host, group=group, port=port)
            for key, value in variables.items():
                self.inventory.set_variable(host, key, value)

    def _read_config_data(self, path):
        try:
            config = self.loader.load_from_file(path, cache='none', trusted_as_template=True)
        except Exception as error:
            raise AnsibleParserError(str(error)) from None
        if not config:
            raise AnsibleParserError('%s is empty' % path)
        if not isinstance(config, Mapping):
            raise AnsibleParserError('inventory source has invalid structure, it should be a dictionary, got: %s' % type(config))
        if config.get('plugin') not in (self._redirected_names or [self.NAME]):
            raise AnsibleParserError('Incorrect plugin name in file: %s' % config.get('plugin', 'none found'))
        self.set_options(direct=config, var_options=self._vars)
        if self.has_option('cache') and self.get_option('cache'):
            self.load_cache_plugin()
        return config

    def load_cache_plugin(self):
        self._cache = Store(self.get_option('cache_plugin'), *(
            self.get_option('cache_' + name) for name in ('connection', 'timeout', 'prefix')))

    def _consume_options(self, data):
        for name in list(self._options):
            if name in data:
                self._options[name] = data.pop(name)

    def _expand_hostpattern(self, hostpattern):
        try:
            pattern, port = parse_address(hostpattern, allow_ranges=True)
        except Exception:
            pattern, port = hostpattern, None
        return (expand_hostname_range(pattern) if detect_range(pattern) else [pattern]), port


class BaseInventoryPlugin(_BaseInventoryPlugin):
    pass


class BaseFileInventoryPlugin(_BaseInventoryPlugin):
    TYPE = 'storage'


class Cacheable:
    @property
    def cache(self):
        return self._cache

    def get_cache_key(self, path):
        return '%s_%s' % (self.ansible_name, self._get_cache_prefix(path))

    def _get_cache_prefix(self, path):
        return 'k' + hashlib.sha256((self.ansible_name + path).encode()).hexdigest()[:6]

    def clear_cache(self):
        self._cache.flush()

    def update_cache_if_changed(self):
        self._cache.update_cache_if_changed()

    def set_cache_plugin(self):
        self._cache.set_cache()


class Constructable(_BaseInventoryPlugin):
    def _compose(self, template, variables, **more):
        extra = self.has_option('use_extra_vars') and self.get_option('use_extra_vars')
        self.templar.available_variables = combine_vars(variables, self._vars) if extra else variables
        return self.templar.evaluate_expression(template)

    def _tried(self, strict, what, action, kind=AnsibleParserError):
        """The result in a list; nothing when it failed and that is allowed."""
        try:
            return [action()]
        except Exception as error:
            if strict:
                raise kind('%s: %s' % (what, error)) from None
            return []

    def _with_host(self, variables, host, fetch):
        return combine_vars(variables, self.inventory.get_host(host).get_vars()) if fetch else variables

    def _set_composite_vars(self, compose, variables, host, strict=False):
        for name, template in (compose.items() if isinstance(compose, dict) else ()):
            what = 'Could not set %s for host %s' % (name, host)
            for value in self._tried(strict, what, lambda: self._compose(template, variables), AnsibleError):
                self.inventory.set_variable(host, name, value)

    def _add_host_to_composed_groups(self, groups, variables, host, strict=False, fetch_hostvars=True):
        if not groups or not isinstance(groups, dict):
            return
        self.templar.available_variables = self._with_host(variables, host, fetch_hostvars)
        for name, condition in groups.items():
            name = self._sanitize_group_name(name)
            what = 'Could not add host %s to group %s' % (host, name)
            if any(self._tried(strict, what, lambda: self.templar.evaluate_conditional(condition))):
                self.inventory.add_child(self.inventory.add_group(name), host)

    def _add_host_to_keyed_groups(self, keys, variables, host, strict=False, fetch_hostvars=True):
        for keyed in (keys if isinstance(keys, list) else ()):
            if not keyed or not isinstance(keyed, dict):
                raise AnsibleParserError('Invalid keyed group entry, it must be a dictionary: %s ' % keyed)
            variables = self._with_host(variables, host, fetch_hostvars)
            what = 'Could not generate group for host %s from %s entry' % (host, keyed.get('key'))
            for key in self._tried(strict, what, lambda: self._compose(keyed.get('key'), variables)):
                self._keyed_group(keyed, key, host, strict)

    def _keyed_group(self, keyed, key, host, strict):
        default, trailing = keyed.get('default_value'), keyed.get('trailing_separator')
        if default is not None and trailing is not None:
            raise AnsibleParserError('parameters are mutually exclusive for keyed groups: default_value|trailing_separator')
        if not key and not (key in EMPTY and default is not None):
            if strict and key not in ([], {}):
                raise AnsibleParserError('No key or key resulted empty for %s in host %s, invalid entry' % (keyed.get('key'), host))
            return
        prefix, separator = keyed.get('prefix', ''), keyed.get('separator', '_')
        what = 'Could not generate parent group %r for group %r' % (keyed.get('parent_group'), key)
        parents = self._tried(strict, what, lambda: keyed.get('parent_group') and self.templar.template(keyed['parent_group']))
        if not parents:
            return
        if prefix == '' and self.get_option('leading_separator') is False:
            lead = ''
        else:
            lead = prefix + separator
        for name in self._names(key, separator, default, trailing):
            name = self.inventory.add_group(self._sanitize_group_name('%s%s' % (lead, name)))
            self.inventory.add_host(host, name)
            if parents[0]:
                parent = self._sanitize_group_name(parents[0])
                self.inventory.add_group(parent)
                self.inventory.add_child(parent, name)

    @staticmethod
    def _names(key, separator, default, trailing):
        """The names that a key's value gives, without what stands in front of them."""
        if key in EMPTY:
            return [default]
        if isinstance(key, str):
            return [key]
        if isinstance(key, list):
            return [default if item in EMPTY and default is not None else item for item in key]
        if not isinstance(key, Mapping):
            raise AnsibleParserError('Invalid group name format, expected a string or a list of them or dictionary, got: %s' % type(key))
        names = []
        for name, value in key.items():
            if value in EMPTY and default is not None:
                value = default
            bare = value in EMPTY and trailing is False
            names.append(name if bare else '%s%s%s' % (name, separator, value))
        return names
