from ansible.module_utils.common.warnings import deprecate
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        deprecate("says nothing of whose it is", version="99.1")
        return result
