"""Callbacks."""
import json
from collections.abc import MutableMapping

from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

global_display = Display()

METHODS = (
    'on_any', 'runner_on_failed', 'runner_on_ok', 'runner_on_skipped', 'runner_on_unreachable', 'runner_on_start',
    'runner_on_async_poll', 'runner_on_async_ok', 'runner_on_async_failed', 'runner_item_on_ok',
    'runner_item_on_failed', 'runner_item_on_skipped', 'runner_retry', 'on_file_diff', 'playbook_on_start',
    'playbook_on_notify', 'playbook_on_no_hosts_matched', 'playbook_on_no_hosts_remaining', 'playbook_on_task_start',
    'playbook_on_cleanup_task_start', 'playbook_on_handler_task_start', 'playbook_on_vars_prompt',
    'playbook_on_import_for_host', 'playbook_on_not_import_for_host', 'playbook_on_play_start', 'playbook_on_stats',
    'playbook_on_include',
)


class CallbackBase(AnsiblePlugin):
    kind = 'callback'
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'

    def __init__(self, display=None, options=None):
        super().__init__()
        self._display = display or global_display
        self.disabled = False
        self.wants_implicit_tasks = False
        self._play = None

    def set_play_context(self, play_context):
        pass

    @staticmethod
    def host_label(result):
        label = result._host.get_name()
        delegate = result._result.get('_ansible_delegated_vars', {}).get('ansible_delegated_host') if isinstance(
            result._result, MutableMapping) else None
        return '%s -> %s' % (label, delegate) if delegate else label

    def _dump_results(self, result, indent=None, sort_keys=True, keep_invocation=False, serialize=True):
        kept = {key: value for key, value in result.items() if not str(key).startswith('_ansible')}
        if not keep_invocation:
            kept.pop('invocation', None)
        return json.dumps(kept, indent=indent, sort_keys=sort_keys, ensure_ascii=False, default=str) if serialize else kept

    def _run_is_verbose(self, result, verbosity=0):
        return '_ansible_verbose_always' in result._result and '_ansible_verbose_override' not in result._result

    def _get_item_label(self, result):
        if result.get('_ansible_no_log', False):
            return '(censored due to no_log)'
        return result.get('_ansible_item_label', result.get('item'))

    def _get_item(self, result):
        return self._get_item_label(result)

    def _handle_warnings(self, res):
        for warning in res.pop('warnings', None) or ():
            self._display.warning(warning)

    def _handle_exception(self, result, use_stderr=False):
        pass

    def _clean_results(self, result, task_name):
        pass


    # What the first form of the methods was told.

    def v2_on_any(self, *args, **kwargs):
        self.on_any(args, kwargs)

    def v2_on_file_diff(self, result):
        if 'diff' in result._result:
            self.on_file_diff(result._host.get_name(), result._result['diff'])

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.runner_on_failed(result._host.get_name(), result._result, ignore_errors)

    def v2_runner_on_ok(self, result):
        self.runner_on_ok(result._host.get_name(), result._result)

    def v2_runner_on_skipped(self, result):
        self.runner_on_skipped(result._host.get_name(), None)

    def v2_runner_on_unreachable(self, result):
        self.runner_on_unreachable(result._host.get_name(), result._result)

    def v2_runner_on_async_poll(self, result):
        self.runner_on_async_poll(result._host.get_name(), result._result, result._result.get('ansible_job_id'), 0)

    def v2_runner_on_async_ok(self, result):
        self.runner_on_async_ok(result._host.get_name(), result._result, result._result.get('ansible_job_id'))

    def v2_runner_on_async_failed(self, result):
        self.runner_on_async_failed(result._host.get_name(), result._result, result._result.get('ansible_job_id'))

    def v2_playbook_on_start(self, playbook):
        self.playbook_on_start()

    def v2_playbook_on_notify(self, handler, host):
        self.playbook_on_notify(host, handler)

    def v2_playbook_on_no_hosts_matched(self):
        self.playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self):
        self.playbook_on_no_hosts_remaining()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.playbook_on_task_start(task.name, is_conditional)

    def v2_playbook_on_vars_prompt(self, varname, private=True, prompt=None, encrypt=None, confirm=False, salt_size=None,
                                   salt=None, default=None, unsafe=None):
        self.playbook_on_vars_prompt(varname, private, prompt, encrypt, confirm, salt_size, salt, default, unsafe)

    def v2_playbook_on_play_start(self, play):
        self.playbook_on_play_start(play.name)

    def v2_playbook_on_stats(self, stats):
        self.playbook_on_stats(stats)


def _nothing(self, *args, **kwargs):
    return None


for _name in METHODS:
    for _form in (_name, 'v2_' + _name):
        if not hasattr(CallbackBase, _form):
            setattr(CallbackBase, _form, _nothing)
