"""Strategy plugins: which of the known ones one is, when it only goes by another name."""
from rustible_helper import operation
from rustible_hosts import meet
from rustible_loading import module

KNOWN = 'ansible.plugins.strategy'


@operation
def strategy(name, path, full, places):
    """The strategy that a plugin is derived from, and the methods that it has beside."""
    meet(places)
    own = []
    loaded = module('strategy', path, full)
    for kind in loaded.StrategyModule.__mro__:
        place, _, base = kind.__module__.rpartition('.')
        # A file of the user's own is loaded under a name of the same form.
        if place == KNOWN and kind.__module__ != loaded.__name__:
            return {'base': base, 'own': own}
        own += [method for method, value in vars(kind).items()
                if (callable(value) or hasattr(value, '__get__')) and (method == '__init__' or not method.startswith('__'))]
    return {'base': None, 'own': own}
