from ansible.module_utils.common.warnings import deprecate, warn
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        Display().warning("shown by the action")
        warn("warned by the action")
        self._display.deprecated("displayed by the action", version="99.1", collection_name="our.own")
        deprecate("old by the action", date="2099-01-02", collection_name="our.own", help_text="Use the new one.")
        result["warnings"] = ["in the result of the action"]
        return result
