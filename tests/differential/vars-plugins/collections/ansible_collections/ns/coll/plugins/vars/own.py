import os

from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):
    REQUIRES_ENABLED = False

    def get_vars(self, loader, path, entities):
        found = {'own': 'collection'}
        for entity in entities:
            file = os.path.join(path, 'data', entity.name + '.yml')
            if loader.path_exists(file):
                found.update(loader.load_from_file(file, cache='none', trusted_as_template=True))
        return found
