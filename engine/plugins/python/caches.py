"""Cache plugins: facts between runs."""
from rustible_helper import operation
from rustible_hosts import instance, meet

PLUGINS = []


@operation
def cache(name, path, full, places):
    """Make a cache plugin ready."""
    from ansible.plugins.cache import BaseCacheModule
    meet(places)
    made = instance('cache', name, path, full)
    if not isinstance(made, BaseCacheModule):
        raise TypeError("the cache plugin '%s' is no BaseCacheModule" % name)
    PLUGINS.append(made)
    return {'number': len(PLUGINS) - 1, 'persistent': bool(made._persistent)}


@operation
def cache_get(number, key):
    try:
        return PLUGINS[number].get(key)
    except KeyError:
        return None


@operation
def cache_set(number, key, value):
    PLUGINS[number].set(key, value)


@operation
def cache_delete(number, key):
    try:
        PLUGINS[number].delete(key)
    except KeyError:
        # There was nothing to forget.
        pass
