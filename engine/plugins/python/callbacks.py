"""Callback plugins: events as they come, as the objects that plugins look into."""
import os

from rustible_helper import operation, say
from rustible_loading import module, plugin_class, prepare, roots

from ansible.plugins.callback import CallbackBase

PLUGINS = []


class Thing:
    def __init__(self, named):
        self.__dict__.update(named)


class Host(Thing):
    vars = {}

    def get_name(self):
        return self.name

    def get_vars(self):
        return dict(self.vars)

    def get_groups(self):
        return []

    def __str__(self):
        return self.name

    __repr__ = __str__

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return isinstance(other, Host) and self.name == other.name


class Role(Thing):
    def get_name(self, include_role_fqcn=True):
        return self._role_name

    def __str__(self):
        return self._role_name


class Play(Thing):
    def get_name(self):
        return self.name

    def get_vars(self):
        return {}

    def get_path(self):
        return self.path

    def __str__(self):
        return self.name


class Task(Thing):
    _parent = None

    def get_name(self, include_role_fqcn=True):
        return self.shown

    def get_path(self):
        return self.path

    def get_vars(self):
        return {}

    def __str__(self):
        return self.shown

    __repr__ = __str__


class Result(Thing):
    def is_changed(self):
        return bool(self._result.get('changed', False))

    def is_skipped(self):
        return bool(self._result.get('skipped', False))

    def is_failed(self):
        return bool(self._result.get('failed', False))

    def is_unreachable(self):
        return bool(self._result.get('unreachable', False))

    def needs_debugger(self, globally_enabled=False):
        return False

    def clean_copy(self):
        return self

    task = property(lambda self: self._task)
    host = property(lambda self: self._host)
    result = property(lambda self: self._result)
    task_name = property(lambda self: self._task.get_name())

    @property
    def task_fields(self):
        return self._task_fields


class Stats:
    """The recap: the same names as in the lines that are printed."""

    def __init__(self, hosts, custom):
        self.processed = {name: 1 for name in hosts}
        self.custom = custom
        self._hosts = hosts
        for own, count in (('ok', 'ok'), ('changed', 'changed'), ('failures', 'failures'), ('dark', 'unreachable'),
                           ('skipped', 'skipped'), ('rescued', 'rescued'), ('ignored', 'ignored')):
            setattr(self, own, {name: each[count] for name, each in hosts.items() if each[count]})

    def summarize(self, host):
        empty = dict.fromkeys(('ok', 'failures', 'unreachable', 'changed', 'skipped', 'rescued', 'ignored'), 0)
        return dict(self._hosts.get(host, empty))


class Playbook(Thing):
    pass


class Included(Thing):
    def get_filename(self):
        return self._filename


KNOWN = {}


def task_of(told):
    if told['uuid'] not in KNOWN:
        role = told.pop('role')
        args = told.pop('args')
        KNOWN[told['uuid']] = Task({
            'implicit': False, **told, '_uuid': told['uuid'], 'args': args, '_attributes': told, 'vars': {},
            '_role': Role({'_role_name': role, '_role_path': None}) if role else None, 'async_val': 0, 'when': [],
            'loop': told['looped'] or None, 'loop_with': told['event_loop'], 'register': None, 'check_mode': told['check'], 'delegate_to': None,
        })
    return KNOWN[told['uuid']]


def result_of(told):
    task = task_of(told['task'])
    fields = {'args': task.args, 'action': task.action, 'name': told['task_name'], 'ignore_errors': told['ignored']}
    fields['delegate_to'] = told['delegate']
    return Result({'_host': Host({'name': told['host'], 'address': told['host'], '_uuid': told['host']}), '_task': task,
                   '_result': told['result'], '_task_fields': fields})


def stats_of(told):
    return Stats(told['hosts'], told['custom'])


def plain(text):
    return text


MAKERS = {
    'playbook': lambda told: Playbook({'_file_name': told, '_basedir': os.path.dirname(os.path.abspath(told)), '_entries': []}),
    'play': lambda told: Play({**told, '_uuid': told['uuid'], 'hosts': told['pattern'], 'tags': [], 'roles': [], 'vars': {},
                               'check_mode': told['check'], 'strategy': told['strategy'], 'serial': []}),
    'task': task_of,
    'result': result_of,
    'stats': stats_of,
    'host': lambda told: Host({'name': told, 'address': told, '_uuid': told}),
    'plain': plain,
    'included': lambda told: Included({'_filename': told['file'], '_hosts': [Host({'name': name}) for name in told['hosts']],
                                       '_task': task_of(told['task']), '_args': {}, '_vars': {}, '_is_role': False}),
}


@operation
def callback(name, path, full, places, only_when_enabled):
    """Make a callback plugin ready; tells whether it was."""
    roots(places)
    found = plugin_class('callback', name, path, full)
    if found is None:
        raise TypeError("the callback plugin '%s' has no CallbackModule" % name)
    if only_when_enabled and getattr(found, 'CALLBACK_NEEDS_ENABLED', getattr(found, 'CALLBACK_NEEDS_WHITELIST', False)):
        return None
    if only_when_enabled and getattr(found, 'CALLBACK_TYPE', '') == 'stdout':
        return None
    instance = prepare('callback', name, path, module('callback', path, full), found())
    instance.set_options()
    if getattr(instance, 'disabled', False):
        return None
    PLUGINS.append((name, instance))
    return {'number': len(PLUGINS) - 1}


def overridden(instance, method):
    return method in vars(instance) or getattr(type(instance), method, None) is not getattr(CallbackBase, method, None)


@operation
def event(number, method, kinds, arguments, named):
    """Tell a callback plugin of an event."""
    name, instance = PLUGINS[number]
    made = [MAKERS[kind](told) for kind, told in zip(kinds, arguments)]
    implicit = any(kind == 'task' and task.implicit for kind, task in zip(kinds, made))
    if getattr(instance, 'disabled', False) or implicit and not getattr(instance, 'wants_implicit_tasks', False):
        return None
    calls = [(method, getattr(instance, method, None))]
    if overridden(instance, 'v2_on_any'):
        calls.append(('v2_on_any', instance.v2_on_any))
    for method, call in calls:
        try:
            if call is not None:
                call(*made, **named)
        except Exception as error:
            say('warning', 'Failure using method (%s) in callback plugin (%s): %s' % (method, name, error))
    return None


