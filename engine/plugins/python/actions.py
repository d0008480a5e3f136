"""Action plugins: what they do on the controller here, what they ask of the target through the pipe."""
import base64
import contextlib
import copy
import os
import shlex

import rustible_values as values
from rustible_helper import HERE, ask, operation
from rustible_loading import module, plugin_class, prepare, roots
from rustible_operations import Templar, loader, within

from ansible.plugins.action import ActionBase


class Thing:
    """Something of the run as plugins see it; what it does not have it says."""

    def __init__(self, named):
        self.__dict__.update(named)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        raise AttributeError("'%s' of %s is not among what rustible has for plugins" % (name, type(self).__name__))

    def copy(self, *arguments, **named):
        return copy.copy(self)


class Task(Thing):
    def get_name(self, include_role_fqcn=True):
        return self.name or self.action

    def __repr__(self):
        return 'TASK: %s' % self.get_name()


class PlayContext(Thing):
    pass


class Shell(Thing):
    """Words and paths for the target's shell."""

    SHELL_FAMILY = 'sh'
    ECHO = 'echo'
    COMMAND_SEP = ';'
    _SHELL_AND = '&&'
    _SHELL_OR = '||'
    executable = '/bin/sh'

    def join_path(self, *parts):
        return os.path.join(*parts)

    def quote(self, word):
        return shlex.quote(word)

    def split(self, text):
        return shlex.split(text)

    def path_has_trailing_slash(self, path):
        return path.endswith('/')

    def get_remote_filename(self, path):
        return os.path.basename(path.strip())

    def get_option(self, name, hostvars=None):
        if name in ('remote_tmp', 'async_dir'):
            return {'remote_tmp': self.remote_tmp, 'async_dir': '~/.ansible_async'}[name]
        if name in ('environment', 'admin_users', 'world_readable_temp', 'common_remote_group', 'system_tmpdirs'):
            return {'environment': [{}], 'admin_users': ['root', 'toor'], 'system_tmpdirs': ['/var/tmp', '/tmp']}.get(name)
        raise KeyError(name)

    def env_prefix(self, **named):
        return ' '.join('%s=%s' % (key, shlex.quote(str(value))) for key, value in named.items())

    def remove(self, path, recurse=False):
        return 'rm -f %s%s' % ('-r ' if recurse else '', shlex.quote(path))

    def exists(self, path):
        return 'test -e ' + shlex.quote(path)

    def mkdtemp(self, *arguments, **named):
        return 'mktemp -d'

    def pwd(self):
        return 'pwd'

    def chmod(self, paths, mode):
        return 'chmod %s %s' % (mode, ' '.join(map(shlex.quote, paths)))


class Connection(Thing):
    has_pipelining = True
    has_native_async = True
    always_pipeline_modules = False
    allow_executable = True
    become = None
    module_implementation_preferences = ('',)

    def __getattr__(self, name):
        if name == 'tmpdir':
            raise AttributeError(name)
        return super().__getattr__(name)

    def exec_command(self, cmd, in_data=None, sudoable=True):
        found = low_level(cmd, in_data, sudoable)
        return found['rc'], found['stdout'].encode(), found['stderr'].encode()

    def put_file(self, in_path, out_path):
        with open(in_path, 'rb') as file:
            put(out_path, file.read())

    def fetch_file(self, in_path, out_path):
        data = base64.b64decode(ask('fetch', in_path))
        with open(out_path, 'wb') as file:
            file.write(data)

    def get_option(self, name, hostvars=None):
        if name in self.options:
            return self.options[name]
        raise KeyError(name)

    def has_option(self, name):
        return name in self.options

    def set_option(self, name, value):
        self.options[name] = value

    def get_options(self, hostvars=None):
        return dict(self.options)

    def reset(self):
        ask('reset')

    def close(self):
        pass

    def _connect(self):
        return self

    connected = True


def low_level(cmd, in_data=None, sudoable=True, executable=None, chdir=None):
    if in_data is not None and not isinstance(in_data, bytes):
        in_data = str(in_data).encode()
    data = None if in_data is None else base64.b64encode(in_data).decode()
    if chdir:
        cmd = 'cd %s && %s' % (shlex.quote(chdir), cmd)
    if executable:
        cmd = '%s -c %s' % (executable, shlex.quote(cmd))
    found = ask('low', cmd, data, bool(sudoable))
    for name in ('stdout', 'stderr'):
        found[name] = base64.b64decode(found[name]).decode('utf-8', 'surrogateescape')
    return found


def put(path, data):
    found = low_level('cat > ' + shlex.quote(path), in_data=data)
    if found['rc'] != 0:
        from ansible.errors import AnsibleError
        raise AnsibleError('failed to transfer file to %s:\n%s\n%s' % (path, found['stdout'], found['stderr']))


def execute_module(self, module_name=None, module_args=None, tmp=None, task_vars=None, persist_files=False,
                   delete_remote_tmp=None, wrap_async=False, ignore_unknown_opts=False):
    name = self._task.action if module_name is None else module_name
    args = self._task.args if module_args is None else module_args
    args = {key: item for key, item in args.items() if not str(key).startswith('_ansible_')}
    result = ask('module', name, args, bool(wrap_async), bool(self._task.check_mode), bool(self._task.diff))
    if result.pop('_ansible_rustible_unreachable', False):
        from ansible.errors import AnsibleConnectionFailure
        raise AnsibleConnectionFailure(result.get('msg', ''))
    return result


def low_level_execute_command(self, cmd, sudoable=True, in_data=None, executable=None,
                              encoding_errors='surrogate_then_replace', chdir=None, process_result=None):
    found = low_level(cmd, in_data, sudoable, executable, chdir)
    return dict(rc=found['rc'], stdout=found['stdout'], stdout_lines=found['stdout'].splitlines(),
                stderr=found['stderr'], stderr_lines=found['stderr'].splitlines())


def checked(self, command):
    found = low_level(command)
    if found['rc'] != 0:
        from ansible.errors import AnsibleError
        raise AnsibleError((found['stderr'] or found['stdout']).strip())
    return found['stdout'].strip()


def make_tmp_path(self, remote_user=None):
    base = self._connection._shell.remote_tmp
    base = base if base.startswith('/') else '~' + base[1:] if base.startswith('~') else base
    path = checked(self, 'umask 77 && mkdir -p %s && mktemp -d %s/rustible-XXXXXXXX' % (base, base))
    self._connection._shell.tmpdir = path
    return path


def remove_tmp_path(self, tmp_path, force=False):
    if tmp_path and 'rustible-' in tmp_path:
        low_level('rm -rf ' + shlex.quote(tmp_path))
        if self._connection._shell.tmpdir == tmp_path:
            self._connection._shell.tmpdir = None


def transfer_file(self, local_path, remote_path):
    with open(local_path, 'rb') as file:
        put(remote_path, file.read())
    return remote_path


def transfer_data(self, remote_path, data):
    if isinstance(data, dict):
        import json
        data = json.dumps(data)
    put(remote_path, data if isinstance(data, bytes) else data.encode('utf-8', 'surrogateescape'))
    return remote_path


def remote_expand_user(self, path, sudoable=True, pathsep=None):
    if not path.startswith('~'):
        return path
    first, _, rest = path.partition('/')
    home = low_level('echo ' + first)['stdout'].strip() or first
    return os.path.join(home, rest) if rest else home


def remote_file_exists(self, path):
    return low_level('test -e ' + shlex.quote(path))['rc'] == 0


def execute_remote_stat(self, path, all_vars, follow, tmp=None, checksum=True):
    args = dict(path=path, follow=follow, get_checksum=checksum, checksum_algorithm='sha1')
    found = execute_module(self, 'ansible.builtin.stat', args)
    if found.get('failed'):
        from ansible.errors import AnsibleError
        raise AnsibleError('Failed to get information on remote file (%s): %s' % (path, found.get('msg')))
    stat = found['stat']
    if not stat['exists']:
        stat['checksum'] = '1'
    stat.setdefault('checksum', '')
    return stat


def fixup_perms(self, remote_paths, remote_user=None, execute=True):
    if execute:
        checked(self, 'chmod u+x ' + ' '.join(map(shlex.quote, remote_paths)))
    return remote_paths


def remote_chmod(self, paths, mode, sudoable=False):
    return low_level('chmod %s %s' % (mode, ' '.join(map(shlex.quote, paths))), sudoable=sudoable)


def register_host_variables(self, variables, layer=None):
    """Variables of the host; a layer given again replaces what it had."""
    name = getattr(layer, 'name', None) or 'REGISTER_VARS'
    self.__dict__.setdefault('_rustible_registered', {})[name] = variables


OURS = {
    'register_host_variables': register_host_variables,
    '_execute_module': execute_module,
    '_low_level_execute_command': low_level_execute_command,
    '_make_tmp_path': make_tmp_path,
    '_remove_tmp_path': remove_tmp_path,
    '_transfer_file': transfer_file,
    '_transfer_data': transfer_data,
    '_remote_expand_user': remote_expand_user,
    '_remote_file_exists': remote_file_exists,
    '_execute_remote_stat': execute_remote_stat,
    '_fixup_perms2': fixup_perms,
    '_remote_chmod': remote_chmod,
    '_early_needs_tmp_path': lambda self: getattr(self, 'TRANSFERS_FILES', False),
}
for _name, _function in OURS.items():
    setattr(ActionBase, _name, _function)


@operation
def describe_action(name, path, full, places):
    roots(places)
    found = plugin_class('action', name, path, full)
    if found is None:
        raise TypeError("the action plugin '%s' has no ActionModule" % name)
    return {
        'raw': bool(getattr(found, 'supports_raw_params', False)),
        'once': bool(getattr(found, 'BYPASS_HOST_LOOP', False)),
    }


@within
def action(name, path, full, places, task, connection, context):
    """Run an action plugin."""
    roots(places)
    found = plugin_class('action', name, path, full)
    files = loader()
    variables = values.Variables(HERE.request)
    with linked(connection) as link:
        return started(found, (name, path, full), Task(task), link, PlayContext(context), variables, files)


@contextlib.contextmanager
def linked(connection):
    """What leads to the host: its connection plugin itself where it has one in Python."""
    remote_tmp = connection.pop('remote_tmp')
    if 'plugin' not in connection:
        yield Connection({'_shell': Shell({'tmpdir': None, 'remote_tmp': remote_tmp}), **connection})
        return
    from rustible_connections import held
    with held(connection['plugin'], connection['rights']) as link:
        link._shell.remote_tmp = remote_tmp
        link._shell.tmpdir = None
        yield link


def started(found, known, task, link, context, variables, files):
    from ansible.errors import AnsibleActionFail, AnsibleActionSkip
    name, path, full = known
    shell = link._shell
    shared = None
    try:
        import ansible.plugins.loader as shared
    except ImportError:
        pass
    instance = found(task=task, connection=link, play_context=context, loader=files,
                     templar=Templar(variables, files), shared_loader_obj=shared)
    prepare('action', name, path, module('action', path, full), instance)
    try:
        result = instance.run(tmp=None, task_vars=variables)
        if not isinstance(result, dict):
            raise TypeError('action plugin %s returned %s instead of a dict' % (name, type(result)))
        registered = instance.__dict__.get('_rustible_registered')
        return {**result, '_ansible_rustible_registered': registered} if registered else result
    except AnsibleActionSkip as error:
        return {**error.result, 'skipped': True, 'msg': str(error)}
    except AnsibleActionFail as error:
        return {**error.result, 'failed': True, 'msg': str(error), '_ansible_rustible_raised': True}
    finally:
        remove_tmp_path(instance, shell.tmpdir)
