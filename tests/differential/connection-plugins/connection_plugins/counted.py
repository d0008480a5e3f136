DOCUMENTATION = """
name: counted
short_description: this machine, with words of its own
options:
  word:
    default: none
    vars: [{name: counted_word}]
    env: [{name: COUNTED_WORD}]
  remote_user:
    vars: [{name: ansible_user}]
  pipelining:
    type: bool
    default: false
    vars: [{name: ansible_pipelining}]
"""
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = 'counted'
    has_pipelining = True

    def _connect(self):
        if self.get_option('word') == 'away':
            raise AnsibleConnectionFailure('nobody is at home')
        self._connected = True

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if cmd == 'tell':
            return 3, self.get_option('word').encode(), b'over there'
        done = subprocess.run(cmd, shell=True, input=in_data or b'', capture_output=True)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        with open(in_path, 'rb') as source, open(out_path, 'wb') as target:
            target.write(source.read())

    def fetch_file(self, in_path, out_path):
        self.put_file(in_path, out_path)

    def close(self):
        self._connected = False
