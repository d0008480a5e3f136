"""Connections; which one is taken and what it is told comes from the helper."""
import functools
from abc import abstractmethod

from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()
BUFSIZE = 65536


def ensure_connect(function):
    @functools.wraps(function)
    def connected(self, *arguments, **named):
        if not self._connected:
            self._connect()
        return function(self, *arguments, **named)

    return connected


class ConnectionBase(AnsiblePlugin):
    kind = 'connection'
    has_pipelining = False
    has_native_async = False
    always_pipeline_modules = False
    has_tty = True
    module_implementation_preferences = ('',)
    allow_executable = True
    supports_persistence = False
    force_persistence = False
    default_user = None

    def __init__(self, play_context, *arguments, **named):
        super().__init__()
        from rustible_actions import Shell
        self._play_context = play_context
        self._display = display
        self._connected = False
        self._socket_path = None
        self._shell = named.get('shell') or Shell({'tmpdir': None, 'remote_tmp': '~/.ansible/tmp'})
        self.success_key = self.prompt = self.become = None

    def set_become_plugin(self, plugin):
        self.become = plugin

    @property
    def connected(self):
        return self._connected

    @property
    def socket_path(self):
        return self._socket_path

    @property
    @abstractmethod
    def transport(self):
        pass

    @abstractmethod
    def _connect(self):
        pass

    @ensure_connect
    @abstractmethod
    def exec_command(self, cmd, in_data=None, sudoable=True):
        pass

    @ensure_connect
    @abstractmethod
    def put_file(self, in_path, out_path):
        pass

    @ensure_connect
    @abstractmethod
    def fetch_file(self, in_path, out_path):
        pass

    @abstractmethod
    def close(self):
        pass

    def reset(self):
        display.warning('Reset is not implemented for this connection')

    def is_pipelining_enabled(self, wrap_async=False):
        try:
            wanted = self.get_option('pipelining')
        except KeyError:
            wanted = self._play_context.pipelining
        return bool(self.has_pipelining and wanted) or self.always_pipeline_modules
