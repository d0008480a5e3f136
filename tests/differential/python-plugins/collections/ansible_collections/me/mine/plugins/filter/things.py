from ansible_collections.me.mine.plugins.module_utils.help import shout


class FilterModule:
    def filters(self):
        return {'shout': shout}
