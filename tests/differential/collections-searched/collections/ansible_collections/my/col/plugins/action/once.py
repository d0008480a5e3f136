from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result['searched'] = self._task.collections
        result['on'] = task_vars['inventory_hostname']
        return result
