from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    supports_raw_params = True

    def run(self, tmp=None, task_vars=None):
        return dict(args=self._task.args, changed=True, _ansible_no_log=self._task.args.get('hide', False))
