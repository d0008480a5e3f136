"""This machine as a connection, for plugins that are derived from it."""
import getpass
import shutil
import subprocess

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

display = Display()


class Connection(ConnectionBase):
    transport = 'local'
    has_pipelining = True

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.cwd = None
        self.default_user = getpass.getuser()

    def _connect(self):
        self._play_context.remote_user = self.default_user
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv('EXEC %s' % cmd, host=self._play_context.remote_addr)
        if sudoable and self.become is not None and self.become.get_option('become_pass'):
            raise AnsibleError('a password for become over a connection plugin needs an installed ansible-core')
        done = subprocess.run(cmd, shell=isinstance(cmd, (str, bytes)), executable='/bin/sh', cwd=self.cwd,
                              input=in_data or b'', capture_output=True)
        return done.returncode, done.stdout, done.stderr

    def _copy(self, word, in_path, out_path):
        display.vvv('%s %s TO %s' % (word, in_path, out_path), host=self._play_context.remote_addr)
        try:
            shutil.copyfile(in_path, out_path)
        except FileNotFoundError as error:
            raise AnsibleFileNotFound('file or module does not exist: %s' % in_path) from error
        except OSError as error:
            raise AnsibleError('failed to transfer file to %s: %s' % (out_path, error)) from error

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        self._copy('PUT', in_path, out_path)

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        self._copy('FETCH', in_path, out_path)

    def close(self):
        self._connected = False
