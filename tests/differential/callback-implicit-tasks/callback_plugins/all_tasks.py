from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'all_tasks'

    def __init__(self):
        super().__init__()
        self.wants_implicit_tasks = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._display.display('%s %s' % (task.get_name(), task.implicit))

    def v2_on_any(self, *args, **kwargs):
        self._display.display('any')
