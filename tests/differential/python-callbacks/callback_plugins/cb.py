from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'cb'
    def v2_playbook_on_start(self, playbook): self._display.display('CB start ' + playbook._file_name.split('/')[-1])
    def v2_playbook_on_play_start(self, play): self._display.display('CB play ' + play.get_name())
    def v2_playbook_on_task_start(self, task, is_conditional): self._display.display('CB task %s %s %s' % (task.get_name(), task.action, sorted(task.args)))
    def v2_playbook_on_handler_task_start(self, task): self._display.display('CB handler ' + task.get_name())
    def v2_runner_on_ok(self, result):
        if result._task.action != 'include_tasks': self._display.display('CB ok %s %s %s' % (result._host.get_name(), result._task.get_name(), result._result.get('msg')), color='green')
    def v2_runner_on_failed(self, result, ignore_errors=False): self._display.display('CB failed %s %s' % (ignore_errors, result._result['msg']))
    def v2_runner_on_skipped(self, result): self._display.display('CB skipped ' + result._host.name)
    def v2_runner_item_on_ok(self, result): self._display.display('CB item %s' % result._result['item'])
    def v2_playbook_on_notify(self, handler, host): self._display.display('CB notify %s %s' % (handler if isinstance(handler, str) else handler.get_name(), host))
    def v2_playbook_on_include(self, included_file): self._display.display('CB include ' + included_file._filename.split('/')[-1])
    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed): self._display.display('CB stats %s %s' % (host, sorted(stats.summarize(host).items())))
