from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseFileInventoryPlugin


class InventoryModule(BaseFileInventoryPlugin):
    NAME = 'lines'
    trusted_by_default = True

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith('.lines')

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache=cache)
        with open(path) as file:
            for line in file:
                words = line.split()
                if len(words) != 3:
                    raise AnsibleParserError('a line has three words: %s' % line.strip())
                host, group, weight = words
                group = self.inventory.add_group(group)
                self.inventory.add_host(host, group=group, port=2200)
                self.inventory.set_variable(host, 'weight', int(weight))
                self.inventory.set_variable(host, 'said', '{{ weight * 2 }}')
                self.inventory.set_variable(group, 'of', {'group': group, 'numbers': [1, 2.5, None, True]})
        self.inventory.add_group('upper')
        self.inventory.add_child('upper', 'web')
        self.inventory.groups['web'].set_variable('ansible_group_priority', 5)
        self.inventory.get_host('h1').set_variable('own', 'x')
        names, port = self._expand_hostpattern('n[1:3].example:22')
        for name in names:
            self.inventory.add_host(name, port=port)
