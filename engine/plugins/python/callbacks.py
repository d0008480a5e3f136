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

    __repr__ = __str__


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

    def __repr__(self):
        return 'TASK: ' + self.shown


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
    PLUGINS.append((name, instance, answered(instance, path)))
    return {'number': len(PLUGINS) - 1}


# Methods whose first form of old is called by the base class.
OLD = {
    'v2_' + name: name for name in (
        'on_any', 'on_file_diff', 'playbook_on_no_hosts_matched', 'playbook_on_no_hosts_remaining', 'playbook_on_notify',
        'playbook_on_play_start', 'playbook_on_start', 'playbook_on_stats', 'playbook_on_task_start',
        'playbook_on_vars_prompt', 'runner_on_async_failed', 'runner_on_async_ok', 'runner_on_async_poll',
        'runner_on_failed', 'runner_on_ok', 'runner_on_skipped', 'runner_on_unreachable')
}


def overridden(instance, method):
    found = getattr(instance, method, None)
    return found is not None and getattr(found, '__func__', None) is not getattr(CallbackBase, method, None)


def answered(instance, path):
    """The events that a plugin has methods of its own for, in either form."""
    methods = {name for name in dir(instance) if name.startswith('v2_') and overridden(instance, name)}
    old = {name for new, name in OLD.items() if new not in methods and overridden(instance, name)}
    plugin = path if module_is_file(instance) else type(instance).__module__
    api = {'version': '2.23', 'source': 'the callback plugin API in ansible-core'}
    every = 'v2_on_any' if 'v2_on_any' in methods else 'on_any'
    if every in methods or every in old:
        say('deprecated', 'The %r callback plugin implements deprecated method %r.' % (plugin, every),
            help='Use event-specific callback methods instead.', **api)
    if old - {'on_any'}:
        say('deprecated', 'The %r callback plugin implements the following deprecated method(s): %s' % (
            plugin, ', '.join(sorted(old - {'on_any'}))),
            help='Implement the `v2_*` equivalent callback method(s) instead.', **api)
    return methods | {'v2_' + name for name in old}


def module_is_file(instance):
    return not type(instance).__module__.startswith('ansible_collections.')


@operation
def event(number, method, kinds, arguments, named):
    """Tell a callback plugin of an event."""
    name, instance, methods = PLUGINS[number]
    wanted = [each for each in (method, 'v2_on_any') if each in methods]
    if not wanted or getattr(instance, 'disabled', False):
        return None
    made = [MAKERS[kind](told) for kind, told in zip(kinds, arguments)]
    implicit = any(kind == 'task' and task.implicit for kind, task in zip(kinds, made))
    if implicit and not getattr(instance, 'wants_implicit_tasks', False):
        return None
    for each in wanted:
        try:
            getattr(instance, each)(*made, **named)
        except Exception as error:
            text = str(error).strip() or type(error).__name__
            say('warning', 'Callback dispatch %r failed for plugin %r: %s' % (method, name, text))
    return None
