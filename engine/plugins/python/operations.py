"""What the helper can be asked to do."""
import functools
import os
import re
import sys

import rustible_values as values
from rustible_helper import HERE, SETTINGS, ask, operation, say
from rustible_loading import KNOWN, OWN, callables, plugin_class, prepare, roots


class LoadFailed(Exception):
    pass


def heard(key, said, help_text=None):
    """Whether what is said now becomes part of a task's result."""
    return getattr(HERE, 'heard', False) and ask('hear', key, said, help_text and str(help_text))


def within(function):
    """An operation within a task: what is said during it is said by the task."""
    @functools.wraps(function)
    def call(*arguments):
        HERE.heard = True
        return function(*arguments)
    return operation(call)


def deprecating(deprecator, collection):
    """Who says that something goes away: the full name of a plugin and its kind, or a collection's name."""
    _skip_stackwalk = True
    if deprecator is None and isinstance(collection, str):
        return collection, None
    if deprecator is None:
        try:
            from ansible.module_utils._internal._deprecator import get_best_deprecator
        except ImportError:
            return caller()
        deprecator = get_best_deprecator()
    kind = getattr(deprecator, 'type', None)
    return getattr(deprecator, 'resolved_name', None), kind and str(getattr(kind, 'value', kind))


def caller():
    """The plugin of a collection, or what is known of it, whose code has called."""
    frame = sys._getframe(1)
    while frame and frame.f_code.co_filename.startswith('<rustible>'):
        frame = frame.f_back
    path = r'/ansible_collections/(\w+)/(\w+)/plugins/(\w+)/(\w+)'
    found = frame and re.search(path, frame.f_code.co_filename)
    if not found:
        return None, None
    *names, kind, plugin = found.groups()
    if kind in ('filter', 'test'):
        return '.'.join(names), None
    kind = 'module' if kind == 'modules' else kind
    return ('.'.join([*names, plugin]), kind) if kind in ('action', 'lookup', 'module', 'callback', 'inventory', 'vars', 'cache') else (None, None)


def speak():
    """What plugins show goes through the one that owns the terminal."""
    from ansible.utils.display import Display

    def display(self, msg, color=None, stderr=False, screen_only=False, log_only=False, newline=True, caplevel=None):
        if not log_only:
            say('display', msg, color=color, stderr=bool(stderr), newline=bool(newline))

    def warning(self, msg, formatted=False, help_text=None, **more):
        if not heard('warnings', str(msg), help_text):
            say('warning', msg)

    def error(self, msg, wrap_text=True, **more):
        say('error', msg)

    def verbose(self, msg, host=None, caplevel=2):
        say('verbose', msg, host=host, level=caplevel + 1)

    def deprecated(self, msg, version=None, removed=False, date=None, collection_name=None, *, deprecator=None,
                   help_text=None, obj=None):
        _skip_stackwalk = True
        plugin, kind = deprecating(deprecator, collection_name)
        collection = '.'.join(plugin.split('.')[:2]) if plugin else None
        when = {'version': version and str(version), 'date': date and str(date)}
        if removed:
            say('deprecated', msg, removed=True, collection=collection, **when)
            return
        said = {'msg': str(msg), 'collection_name': collection}
        said.update({'date': when['date']} if date else {'version': when['version']})
        said['deprecator'] = {'resolved_name': plugin, 'type': kind}
        if not heard('deprecations', said, help_text):
            say('deprecated', msg, removed=False, collection=collection, **when)

    for function in (display, warning, error, verbose, deprecated):
        setattr(Display, function.__name__, function)
    for level in range(1, 7):
        setattr(Display, 'v' * level, lambda self, msg, host=None, caplevel=level - 1: verbose(self, msg, host, caplevel))


speak()


@operation
def find(kind, name, files, places):
    """Which of these files has the filter, test or lookup: its number and how it takes undefined values."""
    roots(places)
    short = name.rsplit('.', 1)[-1]
    errors = []
    for number, (path, full) in enumerate(files):
        try:
            if kind in OWN:
                table = callables(kind, path, full)
                if short not in table:
                    continue
                function = table[short]
                return {'file': number, 'markers': bool(getattr(function, 'accept_args_markers', False))}
            if plugin_class(kind, name, path, full) is not None:
                return {'file': number, 'markers': bool(getattr(plugin_class(kind, name, path, full), 'accept_args_markers', False))}
        except Exception as error:
            # Another file may have it: what could not be loaded matters only when none has.
            stem = os.path.splitext(os.path.basename(path))[0]
            if kind in OWN and stem != short and (full or len(files) > 1):
                skipped(kind, path, full, error)
                errors.extend([] if full else [error])
                continue
            raise LoadFailed(str(error).strip() or type(error).__name__) from None
    if errors:
        raise LoadFailed(str(errors[0]))
    return None


def skipped(kind, path, full, error):
    """A file of several could not be loaded."""
    if full:
        parts = full.split('.')
        place = '.'.join(parts[1:3] + parts[5:])
        say('warning', "Skipping %s plugins in %s'; an error occurred while loading: %s" % (kind, place, error))
    elif path not in KNOWN:
        say('warning', 'Skipping plugin (%s), cannot load: %s' % (path, error))


class Environment:
    """What filters with an environment may touch."""

    class Named:
        def __init__(self, kind):
            self.kind = kind

        def __getitem__(self, name):
            if not ask('has', self.kind, name):
                raise KeyError(name)
            return lambda *positional, **named: ask('plugin', self.kind, name, list(positional), named)

        def __contains__(self, name):
            return ask('has', self.kind, name)

        def get(self, name, default=None):
            return self[name] if name in self else default

    def __init__(self):
        self.filters = self.Named('filter')
        self.tests = self.Named('test')

    def call_filter(self, name, value, args=None, kwargs=None, context=None, eval_ctx=None):
        return ask('plugin', 'filter', name, [value, *(args or ())], dict(kwargs or {}))

    def call_test(self, name, value, args=None, kwargs=None, context=None, eval_ctx=None):
        return ask('plugin', 'test', name, [value, *(args or ())], dict(kwargs or {}))

    def getitem(self, value, argument):
        try:
            return value[argument]
        except (AttributeError, TypeError, LookupError):
            return getattr(value, str(argument), None)

    getattr = getitem


class Context:
    """What filters with a context may touch: variables, rendered."""

    def __init__(self):
        self.environment = Environment()
        self.eval_ctx = self

    def resolve_or_missing(self, name):
        found = ask('rendered', name)
        if not found:
            raise KeyError(name)
        return found[0]

    __getitem__ = resolve = resolve_or_missing

    def __contains__(self, name):
        return bool(ask('rendered', name))

    def get(self, name, default=None):
        found = ask('rendered', name)
        return found[0] if found else default

    def get_all(self):
        return {name: self.get(name) for name in ask('names')}

    @property
    def vars(self):
        return self.get_all()

    parent = vars


def passed(function):
    """What Jinja's decorators want in front of the arguments."""
    wanted = getattr(function, 'jinja_pass_arg', None)
    if wanted is None:
        for name in ('contextfilter', 'environmentfilter', 'evalcontextfilter'):
            if getattr(function, name, False):
                wanted = name
    if wanted is None:
        return []
    text = str(getattr(wanted, 'name', wanted))
    return [Environment()] if text.startswith('environment') else [Context()]


@within
def run(kind, name, path, full, positional, named):
    """Run a filter or a test."""
    function = callables(kind, path, full)[name.rsplit('.', 1)[-1]]
    if isinstance(positional, tuple):
        positional = list(positional)
    result = function(*passed(function), *positional, **named)
    if kind == 'test' and not isinstance(result, bool):
        if isinstance(result, values.Marker):
            return bool(result)
        say('deprecated', "The test plugin '%s' returned a non-boolean result of type %s. Test plugins must have a boolean result." % (name, type(result)), version='2.23')
        return bool(result)
    if isinstance(result, (set, frozenset)):
        say('warning', "Type 'set' is unsupported in variable storage, converting to 'list'.")
    return result


class Templar:
    """Renders where the variables are."""

    def __init__(self, variables, loader):
        self._variables = variables
        self._loader = loader
        self.environment = Environment()

    @property
    def _engine(self):
        return self

    def extend(self, **behaviour):
        return self

    @property
    def available_variables(self):
        return self._variables

    @available_variables.setter
    def available_variables(self, variables):
        self._variables = variables

    @property
    def basedir(self):
        return self._loader.get_basedir()

    def _more(self):
        # Only what was put in beside the task's own variables has to travel.
        return {} if type(self._variables) is values.Variables else dict(self._variables)

    def template(self, variable, convert_bare=False, preserve_trailing_newlines=None, escape_backslashes=True,
                 fail_on_undefined=True, overrides=None, convert_data=True, disable_lookups=False, **other):
        for name, given in (('overrides', overrides), ('disable_lookups', disable_lookups)):
            if given:
                raise NotImplementedError('%r of Templar.template is not supported by rustible' % name)
        return ask('template', variable, self._more())

    do_template = template

    def resolve_variable_expression(self, expression, local_variables=None):
        return ask('expression', expression, {**self._more(), **(local_variables or {})})

    evaluate_expression = resolve_variable_expression

    def evaluate_conditional(self, conditional):
        return ask('conditional', conditional, self._more())

    def is_template(self, value):
        if isinstance(value, str):
            return any(mark in value for mark in ('{{', '{%', '{#'))
        if isinstance(value, dict):
            return any(self.is_template(item) for item in value.values())
        return isinstance(value, (list, tuple)) and any(self.is_template(item) for item in value)

    is_possibly_template = is_template

    def copy_with_new_env(self, environment_class=None, searchpath=None, available_variables=None, **more):
        variables = self._variables if available_variables is None else available_variables
        return Templar(variables, self._loader)

    def set_temporary_context(self, available_variables=None, **more):
        import contextlib

        @contextlib.contextmanager
        def changed():
            before = self._variables
            if available_variables is not None:
                self._variables = available_variables
            try:
                yield
            finally:
                self._variables = before

        return changed()


def loader():
    """A loader of files as plugins have it."""
    from ansible.parsing.dataloader import DataLoader
    made = DataLoader()
    made.set_basedir(ask('basedir'))
    return made


@within
def lookup(name, path, full, terms, named):
    """Run a lookup."""
    from rustible_loading import module
    found = plugin_class('lookup', name, path, full)
    variables = values.Variables(HERE.request)
    files = loader()
    instance = found(loader=files, templar=Templar(variables, files))
    prepare('lookup', name, path, module('lookup', path, full), instance)
    result = instance.run(terms, variables=variables, **named)
    if not isinstance(result, list):
        raise TypeError('returned %s instead of %s' % (type(result), list))
    return result


@operation
def options(kind, name, path, full, places):
    """The options of a plugin as its documentation has them."""
    from rustible_loading import define, module
    roots(places)
    define(kind, name, path, module(kind, path, full))
    if SETTINGS['own']:
        from ansible.plugins import DEFINITIONS
        return DEFINITIONS.get((kind, name), {})
    from ansible import constants
    return constants.config.get_configuration_definitions(kind, name)


@operation
def version():
    """The version of the ansible-core that plugins see."""
    import ansible.release
    return ('' if not SETTINGS['own'] else 'own ') + ansible.release.__version__


def late(module_name, name):
    """An operation whose modules are imported when it is first asked for."""
    def call(*arguments):
        import importlib
        from rustible_helper import OPERATIONS
        importlib.import_module(module_name)
        return OPERATIONS[name](*arguments)

    call.__name__ = name
    operation(call)


for each in ('cache', 'cache_get', 'cache_set', 'cache_delete'):
    late('rustible_caches', each)
late('rustible_strategies', 'strategy')
for each in ('describe_connection', 'connection_run', 'connection_reset'):
    late('rustible_connections', each)
late('rustible_callbacks', 'callback')
late('rustible_callbacks', 'event')
late('rustible_actions', 'action')
late('rustible_actions', 'describe_action')
late('rustible_hosts', 'inventory')
late('rustible_hosts', 'vars_of')
late('rustible_hosts', 'vars_plugins')


@operation
def fragment(path, name):
    """Documentation that the code of a fragment makes."""
    import runpy
    made = runpy.run_path(path).get('ModuleDocFragment')
    return getattr(made(), name, None) if made else None
