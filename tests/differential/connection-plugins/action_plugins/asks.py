from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result['word'] = self._connection.get_option('word')
        result['transport'] = self._connection.transport
        result['shell'] = self._connection._shell.SHELL_FAMILY
        return result
