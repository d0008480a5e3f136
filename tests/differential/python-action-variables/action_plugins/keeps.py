from ansible.plugins.action import ActionBase, VariableLayer


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        for layer, variables in self._task.args.get('layers', {}).items():
            self.register_host_variables(variables, VariableLayer[layer])
        return {**result, 'ansible_facts': self._task.args.get('facts', {})}
