"""Ways to another user's rights, as connection plugins see them."""
import shlex
import uuid

from ansible.errors import AnsibleError

FORMS = {
    'sudo': ('-H -S -n', '{exe} {flags} -u {user} {command}'),
    'su': ('', '{exe} {flags} {user} -c {quoted}'),
    'doas': ('', '{exe} {flags} -n -u {user} {command}'),
}


class BecomeBase:
    prompt = ''
    pipelining = True
    require_tty = False
    success = ''

    def __init__(self, name):
        self.name = self._load_name = name
        self._options = {}

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._options = dict(direct or {})

    def set_option(self, option, value):
        self._options[option] = value

    def get_option(self, option, hostvars=None, playcontext=None):
        return self._options.get(option)

    def expect_prompt(self):
        return bool(self.prompt and self.get_option('become_pass'))

    def build_become_command(self, cmd, shell):
        self.success = 'BECOME-SUCCESS-' + uuid.uuid4().hex
        flags, form = FORMS[self.name]
        command = '/bin/sh -c ' + shlex.quote('echo %s ; %s' % (self.success, cmd))
        user = shlex.quote(self.get_option('become_user') or 'root')
        own = self.get_option('become_flags')
        return form.format(exe=self.get_option('become_exe') or self.name, flags=flags if own is None else own,
                           user=user, command=command, quoted=shlex.quote(command))


def named(name):
    if name not in FORMS:
        raise AnsibleError("the become method '%s' is not among those that rustible has" % name)
    return BecomeBase(name)
