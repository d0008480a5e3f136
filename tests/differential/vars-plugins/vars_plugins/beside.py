import os

from ansible.inventory.host import Host
from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):
    def get_vars(self, loader, path, entities):
        super().get_vars(loader, path, entities)
        names = [entity.name for entity in entities]
        kind = 'host' if entities and isinstance(entities[0], Host) else 'group'
        found = {'beside': '%s %s %s' % (kind, os.path.basename(path), ','.join(names)), 'from_file': 'beside'}
        for entity in entities:
            found['seen_' + entity.name] = '{{ 1 + 1 }}'
            if isinstance(entity, Host):
                found['own_vars'] = sorted(entity.vars)
                found['groups_of'] = sorted(group.name for group in entity.get_groups())
        return found
