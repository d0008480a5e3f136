"""Actions; what they do to targets is put in by the helper."""
import enum
from abc import abstractmethod

from ansible.errors import AnsibleActionFail, AnsibleActionSkip
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()


class VariableLayer(enum.IntEnum):
    """Where variables that an action registers stand among the others, lowest first."""
    CACHEABLE_FACT = 1
    INCLUDE_VARS = 2
    EPHEMERAL_FACT = 3
    REGISTER_VARS = 4


class ActionBase(AnsiblePlugin):
    kind = 'action'
    _VALID_ARGS = frozenset()
    BYPASS_HOST_LOOP = False
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False
    supports_raw_params = False

    def __init__(self, task, connection, play_context, loader, templar, shared_loader_obj=None):
        super().__init__()
        self._task = task
        self._connection = connection
        self._play_context = play_context
        self._loader = loader
        self._templar = templar
        self._shared_loader_obj = shared_loader_obj
        self._cleanup_remote_tmp = False
        self._display = display

    @abstractmethod
    def run(self, tmp=None, task_vars=None):
        if self._task.async_val and not self._supports_async:
            raise AnsibleActionFail('This action (%s) does not support async.' % self._task.action)
        if self._task.check_mode and not self._supports_check_mode:
            raise AnsibleActionSkip('This action (%s) does not support check mode.' % self._task.action)
        if self._VALID_ARGS:
            unknown = [name for name in self._task.args if name not in self._VALID_ARGS]
            if unknown:
                raise AnsibleActionFail('Invalid options for %s: %s' % (self._task.action, ','.join(unknown)))
        if self._early_needs_tmp_path():
            self._make_tmp_path()
        return {}

    def cleanup(self, force=False):
        pass

    def get_plugin_option(self, plugin, option, default=None):
        try:
            return plugin.get_option(option)
        except (AttributeError, KeyError):
            return default

    def _find_needle(self, dirname, needle):
        from rustible_helper import ask
        return self._loader.path_dwim_relative_stack(ask('search'), dirname, needle)

    def _is_become_unprivileged(self):
        return bool(self._task.become) and self._task.become_user not in ('root', 'toor')

    def validate_argument_spec(self, *arguments, **named):
        raise NotImplementedError('validate_argument_spec needs an installed ansible-core')
