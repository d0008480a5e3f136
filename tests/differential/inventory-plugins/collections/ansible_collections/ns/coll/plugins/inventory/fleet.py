DOCUMENTATION = '''
name: fleet
short_description: machines of a fleet
description: machines of a fleet
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: its name
    required: true
    choices: [ns.coll.fleet]
  machines:
    description: what there is
    type: dict
    required: true
  site:
    description: where
    type: str
    default: nowhere
    env: [{name: FLEET_SITE}]
  level:
    description: how much
    type: int
    default: 1
'''

from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = 'ns.coll.fleet'

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(('.yml', '.yaml'))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        machines = None
        key = self.get_cache_key(path)
        if self.get_option('cache') and cache:
            machines = self._cache.get(key)
        if machines is None:
            self.display.warning('asked the fleet')
            machines = self.get_option('machines')
        if self.get_option('cache'):
            self._cache[key] = machines
        strict = self.get_option('strict')
        for name in sorted(machines):
            self.inventory.add_host(name, group='all')
            for variable, value in machines[name].items():
                self.inventory.set_variable(name, variable, value)
            self.inventory.set_variable(name, 'site', self.get_option('site'))
            self.inventory.set_variable(name, 'level', self.get_option('level'))
            self.inventory.set_variable(name, 'not_rendered', '{{ 1 + 1 }}')
            found = self.inventory.get_host(name).get_vars()
            self._set_composite_vars(self.get_option('compose'), found, name, strict=strict)
            self._add_host_to_composed_groups(self.get_option('groups'), found, name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option('keyed_groups'), found, name, strict=strict)
