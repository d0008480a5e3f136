"""Connection plugins: commands on hosts that only they reach, with shell and become plugins beside them."""
import base64
import contextlib
import json
import os
import shlex
import tempfile
import threading
import uuid

from rustible_helper import operation
from rustible_loading import CLASSES, beside, define, module, roots

from ansible.errors import AnsibleError

IDLE = {}
LOCK = threading.Lock()


def own_class(name, path, full, places):
    roots(places[0])
    beside(places[1])
    loaded = module('connection', path, full)
    shown = full_name(full) or name
    define('connection', shown, path, loaded)
    found = getattr(loaded, CLASSES['connection'][0], None)
    if found is None:
        raise AnsibleError("the connection plugin '%s' was not found" % name)
    return found, shown


def full_name(full):
    """ns.name.plugin of ansible_collections.ns.name.plugins.connection.plugin."""
    parts = full.split('.') if full else []
    return '.'.join(parts[1:3] + parts[5:])


def option_variables(kind, name):
    """Variables that options of a plugin come from."""
    try:
        from ansible import constants
        return list(constants.config.get_plugin_vars(kind, name))
    except (ImportError, AttributeError):
        from ansible.plugins import DEFINITIONS
        options = DEFINITIONS.get((kind, name), {}).values()
        return [entry['name'] for option in options for entry in (option or {}).get('vars') or ()]


@operation
def describe_connection(name, path, full, places, method):
    """Names of the variables that the plugin, its shell and the way to other rights want to have."""
    found, shown = own_class(name, path, full, places)
    names = option_variables('connection', shown)
    become = become_plugin(method) if method else None
    if become is not None:
        names += option_variables('become', become._load_name)
    names += option_variables('shell', getattr(found, '_shell_type', None) or 'sh')
    names += ['ansible_shell_type', 'ansible_shell_executable']
    extras = None
    if getattr(found, 'allow_extras', False):
        extras = getattr(found, '_extras_prefix', None) or shown.split('.')[-1]
    return {'variables': sorted(set(names)), 'extras': extras}


def become_plugin(method):
    try:
        from ansible.plugins.loader import become_loader
    except ImportError:
        from ansible.plugins.become import named
        return named(method)
    made = become_loader.get(method)
    if made is None:
        raise AnsibleError("Invalid become method specified, could not find matching plugin: '%s'." % method)
    return made


def context_of(spec):
    from ansible.playbook.play_context import PlayContext
    context = PlayContext(passwords={'conn_pass': spec['keys'].get('password'), 'become_pass': None})
    for name in ('remote_addr', 'remote_user', 'port', 'timeout', 'check_mode', 'private_key_file'):
        if spec['context'].get(name) is not None:
            setattr(context, name, spec['context'][name])
    for name, variable in (('shell', 'ansible_shell_type'), ('executable', 'ansible_shell_executable')):
        if spec['variables'].get(variable):
            setattr(context, name, spec['variables'][variable])
    context.connection = spec['name']
    return context


def build(spec):
    found, shown = own_class(spec['name'], spec['path'], spec['full'], spec['places'])
    if getattr(found, 'supports_persistence', False):
        raise AnsibleError("the connection plugin '%s' wants a process of its own that stays (ansible-connection), "
                           "which rustible does not have" % spec['name'])
    made = object.__new__(found)
    for attribute, value in (('_load_name', shown), ('_original_path', spec['path']),
                             ('_redirected_names', [spec['name']]), ('ansible_name', shown),
                             ('ansible_aliases', [spec['name']])):
        setattr(made, attribute, value)
    made.__init__(context_of(spec), new_stdin=None, task_uuid=str(uuid.uuid4()), ansible_playbook_pid=str(os.getpid()))
    return made


def configure(link, spec, rights):
    """What the task says, before each use."""
    fresh = context_of(spec)
    for name in ('remote_addr', 'remote_user', 'port', 'timeout'):
        setattr(link._play_context, name, getattr(fresh, name))
    become = become_plugin(rights['method']) if rights else None
    if hasattr(link, 'set_become_plugin'):
        link.set_become_plugin(become)
    variables = {**spec['variables'], '_extras': spec['extras']}
    keys = dict(spec['keys'])
    link.set_options(task_keys=keys, var_options=variables)
    if hasattr(link._shell, 'set_options'):
        link._shell.set_options(task_keys=keys, var_options=variables)
    if become is not None:
        become.set_options(task_keys=keys, var_options=variables)
        for name, value in (('become_user', rights['user']), ('become_exe', rights['exe']),
                            ('become_flags', rights['flags']), ('become_pass', rights['password'])):
            if value is not None:
                become.set_option(name, value)
        # The password is told through the terminal otherwise, and what comes from a terminal is no longer the same.
        if getattr(link, 'has_pipelining', False) and link.has_option('pipelining'):
            link.set_option('pipelining', True)


def key_of(spec):
    shell = spec['variables'].get('ansible_shell_type'), spec['variables'].get('ansible_shell_executable')
    return json.dumps([spec['name'], spec['path'], spec['host'], spec['context'].get('remote_addr'), *shell], default=str)


@contextlib.contextmanager
def held(spec, rights):
    """A connection that nobody else uses meanwhile; it stays for the next one who wants the same."""
    key = key_of(spec)
    with LOCK:
        idle = IDLE.setdefault(key, [])
        link = idle.pop() if idle else None
    if link is None:
        link = build(spec)
    configure(link, spec, rights)
    yield link
    with LOCK:
        IDLE.setdefault(key, []).append(link)


def told(data):
    return data if isinstance(data, bytes) else str(data or '').encode('utf-8', 'surrogateescape')


def piped(link):
    try:
        return bool(link.is_pipelining_enabled())
    except AttributeError:
        return bool(getattr(link, 'has_pipelining', False) and getattr(link._play_context, 'pipelining', False))


def place(link, rights):
    """A folder on the host for what a command is to read."""
    name = 'rustible-' + uuid.uuid4().hex[:16]
    if getattr(link, '_remote_is_local', False):
        return os.path.join(local_folder(), name)
    base = '~/.ansible/tmp'
    with contextlib.suppress(KeyError, AttributeError):
        base = str(link._shell.get_option('remote_tmp') or base)
    if rights and rights['user'] not in ('root', None):
        base = '/var/tmp'
    first, slash, rest = base.partition('/')
    base = first + slash + shlex.quote(rest) if first.startswith('~') and rest else shlex.quote(base)
    command = 'umask 77 && mkdir -p %s && mkdir %s/%s && cd %s/%s && pwd' % (base, base, name, base, name)
    _, out, _ = link.exec_command('/bin/sh -c ' + shlex.quote(command), in_data=None, sudoable=False)
    line = (told(out).decode('utf-8', 'surrogateescape').strip().splitlines() or [''])[-1]
    return line if line.startswith('/') else '/tmp/' + name


def local_folder():
    try:
        from ansible import constants
        return constants.DEFAULT_LOCAL_TMP
    except (ImportError, AttributeError):
        return tempfile.gettempdir()


def staged(link, data, rights):
    """The folder, with the input in a file."""
    folder = place(link, rights)
    if getattr(link, '_remote_is_local', False):
        os.mkdir(folder, 0o700)
    with tempfile.NamedTemporaryFile(dir=local_folder()) as file:
        file.write(data)
        file.flush()
        link.put_file(file.name, folder + '/input')
    if rights and rights['user'] not in ('root', None):
        who = shlex.quote('u:%s:rX' % rights['user'])
        command = 'setfacl -R -m %s %s' % (who, shlex.quote(folder))
        link.exec_command('/bin/sh -c ' + shlex.quote(command), in_data=None, sudoable=False)
    return folder


@operation
def connection_run(spec, command, data, rights):
    """Run a command on a host; what it reads and prints is in base64."""
    with held(spec, rights) as link:
        family = getattr(link._shell, 'SHELL_FAMILY', 'sh')
        if family in ('powershell', 'cmd'):
            raise AnsibleError("the connection plugin '%s' leads to hosts with the shell %s, on which rustible runs nothing"
                               % (spec['name'], family))
        data = None if data is None else base64.b64decode(data)
        folder = None
        if data and not piped(link):
            folder = staged(link, data, rights)
            command = '/bin/sh -c ' + shlex.quote('exec <%s/input; %s' % (shlex.quote(folder), command))
            data = None
        line = command
        if rights:
            line = link.become.build_become_command(line, link._shell)
        try:
            code, out, err = link.exec_command(line, in_data=data, sudoable=True)
        finally:
            if folder is not None:
                link.exec_command('/bin/sh -c ' + shlex.quote('rm -rf ' + shlex.quote(folder)), in_data=None, sudoable=False)
        out = told(out)
        if rights:
            # What was become says so before the command itself says anything.
            if out.lstrip().startswith(b'BECOME-SUCCESS-'):
                out = out.lstrip().partition(b'\n')[2]
        return {'rc': int(code or 0), 'stdout': base64.b64encode(out).decode(),
                'stderr': base64.b64encode(told(err)).decode()}


@operation
def connection_reset(spec):
    with LOCK:
        links = IDLE.pop(key_of(spec), [])
    for link in links:
        with contextlib.suppress(NotImplementedError):
            configure(link, spec, None)
            link.reset()
        link.close()


def close_all():
    """At the end of the run."""
    with LOCK:
        links = [link for idle in IDLE.values() for link in idle]
        IDLE.clear()
    for link in links:
        # What cannot be closed any more is closed.
        with contextlib.suppress(Exception):
            link.close()
