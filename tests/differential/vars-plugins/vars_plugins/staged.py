DOCUMENTATION = '''
name: staged
short_description: runs when it is told to
description: runs when it is told to
options:
  stage:
    type: str
    choices: [all, inventory, task]
    env: [{name: ANSIBLE_STAGED}]
  depth:
    type: int
    default: 3
'''

from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):
    is_stateless = True

    def get_vars(self, loader, path, entities):
        return {'staged': self.get_option('depth')}
