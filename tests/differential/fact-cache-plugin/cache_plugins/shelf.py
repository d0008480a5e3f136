DOCUMENTATION = '''
name: shelf
short_description: one file for each key
options:
  _uri:
    type: str
    required: true
    env: [{name: ANSIBLE_CACHE_PLUGIN_CONNECTION}]
'''

import json
import os

from ansible.plugins.cache import BaseCacheModule


class CacheModule(BaseCacheModule):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        os.makedirs(self.get_option('_uri'), exist_ok=True)

    def _place(self, key):
        return os.path.join(self.get_option('_uri'), key)

    def get(self, key):
        if not self.contains(key):
            raise KeyError(key)
        with open(self._place(key)) as file:
            return json.load(file)

    def set(self, key, value):
        with open(self._place(key), 'w') as file:
            json.dump(value, file)

    def keys(self):
        return os.listdir(self.get_option('_uri'))

    def contains(self, key):
        return os.path.exists(self._place(key))

    def delete(self, key):
        if self.contains(key):
            os.unlink(self._place(key))

    def flush(self):
        for key in self.keys():
            self.delete(key)
