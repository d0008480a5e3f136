"""Values of playbooks as JSON and back; what JSON has no form for is {"__rt": [kind, content]}."""
import datetime
import sys
from collections.abc import Mapping, Sequence, Set

REMOTE = []


def register_remote(ask):
    REMOTE.append(ask)


try:
    from ansible.template import is_trusted_as_template, trust_as_template
except ImportError:  # an ansible-core from before texts were told apart
    def is_trusted_as_template(value):
        return False

    def trust_as_template(value):
        return value


try:
    from ansible.module_utils._internal._datatag import AnsibleTagHelper
    from ansible.module_utils._internal._datatag._tags import Deprecated
except ImportError:  # nor can values be told to go away
    Deprecated = None


class Marker:
    """Something undefined, for plugins that say that they take such."""

    def __init__(self, message):
        self.message = message

    @property
    def __class__(self):
        # Plugins ask whether something is of the class of that name that they have imported.
        loaded = sys.modules.get('ansible._internal._templating._jinja_common')
        return loaded.Marker if loaded else Marker

    def __str__(self):
        raise undefined(self.message)

    __iter__ = __len__ = __bool__ = __int__ = __float__ = __str__

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        raise undefined(self.message)


def undefined(message):
    from ansible.errors import AnsibleUndefinedVariable
    return AnsibleUndefinedVariable(message)


class Omitted:
    pass


OMIT = Omitted()


def tagged(kind, content):
    return {'__rt': [kind, content]}


def told(tag):
    """What a value's tag says of its use."""
    note = {key: getattr(tag, key, None) for key in ('msg', 'help_text', 'version', 'date')}
    kind = getattr(tag.deprecator, 'type', None)
    name = getattr(tag.deprecator, 'resolved_name', None)
    note['deprecator'] = tag.deprecator and {'resolved_name': name, 'type': getattr(kind, 'value', kind)}
    return note


def encode(value):
    if value is None or value is True or value is False:
        return value
    tag = Deprecated and Deprecated.get_tag(value)
    if tag:
        return tagged('deprecated', [told(tag), encode(AnsibleTagHelper.untag(value, Deprecated))])
    if isinstance(value, str):
        text = str.__str__(value) if type(value) is str else ''.join(str.__iter__(value))
        text = text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
        return tagged('trusted', text) if is_trusted_as_template(value) else text
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    if isinstance(value, Marker):
        return tagged('undefined', value.message)
    if value is OMIT:
        return tagged('omit', None)
    if isinstance(value, Mapping):
        plain = all(isinstance(key, str) for key in value.keys()) and '__rt' not in value
        if plain:
            return {str(key): encode(value[key]) for key in value.keys()}
        return tagged('map', [[encode(key), encode(value[key])] for key in value.keys()])
    if isinstance(value, tuple):
        return tagged('tuple', [encode(item) for item in value])
    if isinstance(value, Set):
        return tagged('set', [encode(item) for item in value])
    if isinstance(value, Sequence):
        return [encode(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return tagged('time', value.isoformat())
    if hasattr(value, '__iter__'):
        return [encode(item) for item in value]
    if hasattr(value, '__html__'):
        return str(value.__html__())
    raise TypeError("Type %r is unsupported for variable storage." % type(value).__name__)


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    special = value.get('__rt')
    if special is None:
        return {key: decode(item) for key, item in value.items()}
    kind, content = special
    return DECODERS[kind](content)


class Variables(dict):
    """The variables of a task, fetched as they are touched; values are as they were written."""

    def __init__(self, request, host=None):
        super().__init__()
        self._request = request
        self._host = host
        self._all = False

    def _ask(self, what, *arguments):
        return REMOTE[0](what, self._host, *arguments, request=self._request)

    def _fill(self):
        if not self._all:
            own = dict(dict.items(self))
            dict.clear(self)
            dict.update(self, self._ask('variables'))
            dict.update(self, own)
            if self._host is None:
                dict.setdefault(self, 'hostvars', HostVars(self._request))
            self._all = True

    def __missing__(self, key):
        if isinstance(key, str):
            found = None
            if key == 'hostvars' and self._host is None:
                found = [HostVars(self._request)]
            elif not self._all:
                found = self._ask('variable', key)
            if found:
                dict.__setitem__(self, key, found[0])
                return found[0]
        raise KeyError(key)

    def __contains__(self, key):
        if dict.__contains__(self, key):
            return True
        try:
            self.__missing__(key)
        except KeyError:
            return False
        return True

    def get(self, key, default=None):
        try:
            return self[key]
        except KeyError:
            return default

    def pop(self, key, *default):
        self._fill()
        return dict.pop(self, key, *default)

    def setdefault(self, key, default=None):
        if key in self:
            return self[key]
        dict.__setitem__(self, key, default)
        return default

    def __delitem__(self, key):
        self._fill()
        dict.__delitem__(self, key)

    def copy(self):
        self._fill()
        return dict(dict.items(self))

    __copy__ = copy

    def __deepcopy__(self, memo):
        import copy
        return copy.deepcopy(self.copy(), memo)


def _filled(name):
    method = getattr(dict, name)

    def call(self, *arguments):
        self._fill()
        return method(self, *arguments)

    call.__name__ = name
    return call


for _name in ('keys', 'values', 'items', '__iter__', '__len__', '__eq__', '__or__', '__ror__', '__repr__'):
    setattr(Variables, _name, _filled(_name))


Variables.__name__ = Variables.__qualname__ = 'dict'


class HostVars(Mapping):
    """The variables of all hosts by name."""

    def __init__(self, request):
        self._request = request
        self._known = {}

    def _names(self):
        return REMOTE[0]('hosts', request=self._request)

    def __getitem__(self, name):
        if name not in self._known:
            if not REMOTE[0]('host', name, request=self._request):
                raise KeyError(name)
            self._known[name] = Variables(self._request, name)
        return self._known[name]

    def raw_get(self, name):
        return self[name]

    def __iter__(self):
        return iter(self._names())

    def __len__(self):
        return len(self._names())

    def __deepcopy__(self, memo):
        return self


DECODERS = {
    'trusted': trust_as_template,
    'undefined': Marker,
    'omit': lambda content: OMIT,
    'map': lambda pairs: {decode(key): decode(item) for key, item in pairs},
    'tuple': lambda items: tuple(decode(item) for item in items),
    'set': lambda items: {decode(item) for item in items},
    'time': lambda text: text,

    'variables': lambda request: Variables(request),
}
