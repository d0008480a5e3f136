"""What all plugins have: options by their documentation."""
import os

DEFINITIONS = {}


def _cached(name, kind, key, old=None, **more):
    """An option of inventories with a cache; facts' own settings count where there is none for inventories."""
    env = [{'name': 'ANSIBLE_INVENTORY_' + name.upper()}]
    ini = [{'section': 'inventory', 'key': name}]
    if old:
        env.insert(0, {'name': old})
        ini.insert(0, {'section': 'defaults', 'key': key})
    return {name: {'type': kind, 'env': env, 'ini': ini, **more}}


# Options that plugins take over from fragments of ansible-core's documentation.
CORE = {
    'vars_plugin_staging': {'stage': {'type': 'str', 'choices': ['all', 'task', 'inventory']}},
    'constructed': {
        'strict': {'type': 'bool', 'default': False},
        'compose': {'type': 'dict', 'default': {}},
        'groups': {'type': 'dict', 'default': {}},
        'keyed_groups': {'type': 'list', 'default': []},
        'use_extra_vars': {
            'type': 'bool', 'default': False, 'env': [{'name': 'ANSIBLE_INVENTORY_USE_EXTRA_VARS'}],
            'ini': [{'section': 'inventory_plugins', 'key': 'use_extra_vars'}]},
        'leading_separator': {'type': 'boolean', 'default': True},
    },
    'inventory_cache': {
        **_cached('cache', 'bool', None, default=False),
        **_cached('cache_plugin', 'str', 'fact_caching', 'ANSIBLE_CACHE_PLUGIN', default='memory'),
        **_cached('cache_timeout', 'int', 'fact_caching_timeout', 'ANSIBLE_CACHE_PLUGIN_TIMEOUT', default=3600),
        **_cached('cache_connection', 'str', 'fact_caching_connection', 'ANSIBLE_CACHE_PLUGIN_CONNECTION'),
        **_cached('cache_prefix', 'str', 'fact_caching_prefix', 'ANSIBLE_CACHE_PLUGIN_PREFIX', default='ansible_inventory_'),
    },
}


def define_options(kind, name, documentation, path):
    if (kind, name) in DEFINITIONS:
        return
    options = {}
    if documentation:
        from rustible_helper import ask
        read = documentation if isinstance(documentation, dict) else ask('yaml', documentation)
        if isinstance(read, dict):
            for fragment in _listed(read.get('extends_documentation_fragment')):
                options.update(_fragment(fragment, path))
            options.update(read.get('options') or {})
    DEFINITIONS[kind, name] = options


def _listed(value):
    if value is None:
        return []
    return [word.strip() for word in value.split(',')] if isinstance(value, str) else list(value)


def _fragment(name, path):
    """The options of a fragment of a collection; one of ansible-core's own is not there."""
    parts = name.split('.')
    if len(parts) < 3 or parts[:2] == ['ansible', 'builtin']:
        section, loaded = 'DOCUMENTATION', _beside(parts[-1])
        if loaded is None:
            return CORE.get(parts[-1], {})
    else:
        import importlib
        section = 'DOCUMENTATION' if len(parts) < 4 else parts[3].upper()
        loaded = importlib.import_module('ansible_collections.%s.%s.plugins.doc_fragments.%s' % tuple(parts[:3]))
    from rustible_helper import ask
    return (ask('yaml', getattr(loaded.ModuleDocFragment, section)) or {}).get('options') or {}


def _beside(name):
    """A fragment that lies beside a playbook or in a role."""
    from rustible_loading import BESIDE, module
    for folder in BESIDE:
        path = os.path.join(folder, 'doc_fragments', name + '.py')
        if os.path.isfile(path):
            return module('doc_fragments', path, None)
    return None


class AnsiblePlugin:
    _load_name = None
    _original_path = None
    allow_extras = False
    kind = None

    def __init__(self):
        self._options = {}

    @property
    def plugin_type(self):
        return self.kind or self.__class__.__module__.split('.')[-2]

    def _defined(self):
        return DEFINITIONS.get((self.plugin_type, self._load_name), {})

    def set_option(self, option, value):
        self._own()[option] = value

    def _own(self):
        if '_options' not in self.__dict__:
            self._options = {}
        return self._options

    def set_options(self, task_keys=None, var_options=None, direct=None):
        own = self._own()
        for name, definition in self._defined().items():
            own[name] = self._value(name, definition or {}, var_options or {}, direct or {})

    def has_option(self, option):
        return option in self._own() or option in self._defined()

    def get_options(self, hostvars=None):
        return {name: self.get_option(name, hostvars) for name in self._defined()}

    def get_option_and_origin(self, option, hostvars=None):
        return self.get_option(option, hostvars), 'unknown'

    def get_option(self, option, hostvars=None):
        own = self._own()
        if option not in own:
            definition = self._defined().get(option)
            if definition is None:
                raise KeyError("Requested entry (plugin_type: %s plugin: %s setting: %s ) was not defined in configuration." % (
                    self.plugin_type, self._load_name, option))
            own[option] = self._value(option, definition, hostvars or {}, {})
        return own[option]

    def _value(self, name, definition, variables, direct):
        origin, value = 'default', definition.get('default')
        for source, found in self._given(name, definition, variables, direct):
            origin, value = source, found
            break
        if value is None:
            if definition.get('required') and origin == 'default':
                from ansible.errors import AnsibleRequiredOptionError
                raise AnsibleRequiredOptionError(
                    "Required config '%s' for '%s' %s plugin not provided." % (name, self._load_name, self.plugin_type))
            return None
        try:
            value = typed(value, definition.get('type'))
        except (TypeError, ValueError) as error:
            from ansible.errors import AnsibleOptionsError
            raise AnsibleOptionsError("Config '%s' for '%s' %s plugin from '%s' has an invalid value: %s" % (
                name, self._load_name, self.plugin_type, origin, error)) from None
        choices = definition.get('choices')
        if choices and any(item not in choices for item in (value if isinstance(value, list) else [value])):
            from ansible.errors import AnsibleOptionsError
            raise AnsibleOptionsError("Invalid value %r for config %r. Valid values are: %s" % (
                value, name, ', '.join(repr(choice) for choice in choices)))
        return value

    def _given(self, name, definition, variables, direct):
        for key in [name, *(definition.get('aliases') or ())]:
            if key in direct:
                yield 'Direct', direct[key]
        for entry in reversed(definition.get('vars') or ()):
            if entry['name'] in variables:
                value = variables[entry['name']]
                from ansible.template import is_trusted_as_template
                if is_trusted_as_template(value):
                    from rustible_helper import ask
                    value = ask('template', value, {})
                yield 'var: ' + entry['name'], value
        for entry in reversed(definition.get('env') or ()):
            if entry['name'] in os.environ:
                yield 'env: ' + entry['name'], os.environ[entry['name']]
        for entry in reversed(definition.get('ini') or ()):
            found = _ini(entry.get('section', 'defaults'), entry['key'])
            if found is not None:
                yield 'ini', found


def _ini(section, key):
    import configparser
    for place in (os.environ.get('ANSIBLE_CONFIG'), 'ansible.cfg', os.path.expanduser('~/.ansible.cfg'), '/etc/ansible/ansible.cfg'):
        if place and os.path.isfile(place):
            parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(';',), strict=False)
            parser.read(place)
            return parser.get(section, key, fallback=None)
    return None


def typed(value, kind):
    """A value as the kind that the documentation says."""
    def bad():
        return ValueError("Invalid value provided for '%s': %r" % (kind, value))

    if kind in (None, 'str', 'string'):
        if kind and isinstance(value, (list, dict)):
            raise bad()
        return value if kind is None or isinstance(value, str) else str(value)
    if kind in ('bool', 'boolean'):
        from ansible.module_utils.parsing.convert_bool import boolean
        return boolean(value, strict=False)
    if kind in ('int', 'integer'):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad() from None
    if kind == 'float':
        try:
            return float(value)
        except (TypeError, ValueError):
            raise bad() from None
    if kind == 'list':
        if isinstance(value, str):
            return [item.strip() for item in value.split(',')]
        return list(value) if isinstance(value, (list, tuple)) else [value]
    if kind in ('dict', 'dictionary'):
        if not isinstance(value, dict):
            raise bad()
        return value
    if kind in ('path', 'tmp', 'tmppath', 'temppath'):
        return os.path.abspath(os.path.expandvars(os.path.expanduser(str(value))))
    if kind in ('pathlist', 'pathspec'):
        parts = value.split(':' if kind == 'pathspec' else ',') if isinstance(value, str) else value
        return [os.path.abspath(os.path.expandvars(os.path.expanduser(part.strip()))) for part in parts]
    return value
