"""Plugins for variables."""
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display
from ansible.utils.path import basedir


class BaseVarsPlugin(AnsiblePlugin):
    kind = 'vars'
    is_stateless = False

    def __init__(self):
        super().__init__()
        self._display = Display()

    def get_vars(self, loader, path, entities):
        self._basedir = basedir(path)
