from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: own
options:
  _terms: {description: anything}
  color:
    description: a colour
    default: red
    vars: [{name: own_color}]
  count: {description: a number, type: int, default: 3}
"""


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        if 'fail' in terms:
            raise AnsibleError('the lookup broke')
        return [{
            'terms': terms,
            'color': self.get_option('color'),
            'count': self.get_option('count'),
            'rendered': self._templar.template(variables['outer']),
            'raw is a template': '{' in variables['outer'],
            'missing': variables.get('nothing', 'not there'),
            'host': variables['inventory_hostname'],
            'other': variables['hostvars']['localhost']['inventory_hostname'],
            'file': self.find_file_in_search_path(variables, 'files', 'a.txt')[-11:],
        }]
