"""Files of plugins, loaded once."""
import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import threading

from rustible_helper import SETTINGS, say

KNOWN = {}
BESIDE = []
FINDER = []
LOADING = threading.RLock()
OWN = {'filter': ('FilterModule', 'filters'), 'test': ('TestModule', 'tests')}
CLASSES = {
    'lookup': ('LookupModule', 'LookupBase'),
    'cache': ('CacheModule', 'BaseCacheModule'),
    'callback': ('CallbackModule', 'CallbackBase'),
    'action': ('ActionModule', 'ActionBase'),
    'connection': ('Connection', 'ConnectionBase'),
    'vars': ('VarsModule', 'BaseVarsPlugin'),
    'inventory': ('InventoryModule', 'BaseInventoryPlugin'),
}


def roots(folders):
    """Folders whose ansible_collections can be imported from."""
    if not SETTINGS['own'] and not FINDER:
        FINDER.append(True)
        from ansible.plugins import loader
        one_at_a_time(loader.PluginLoader)
        # With names of its own and redirections, as plugins of an ansible-core that has such expect.
        if hasattr(loader, 'init_plugin_loader'):
            loader.init_plugin_loader(list(folders))
    for folder in folders:
        if os.path.basename(folder) == 'ansible_collections':
            folder = os.path.dirname(folder)
        if folder not in sys.path:
            sys.path.append(folder)
            importlib.invalidate_caches()


def one_at_a_time(loader):
    """An ansible-core runs a task in a process of its own; here its loader is met by several threads, of which one
    must not see the file that another has half read."""
    original = loader._load_module_source

    @functools.wraps(original)
    def load(self, *given, **named):
        with LOADING:
            return original(self, *given, **named)

    loader._load_module_source = load


def beside(folders):
    """Folders of playbooks and roles, beside which there may be plugins that other plugins need."""
    for folder in folders:
        if folder in BESIDE:
            continue
        BESIDE.append(folder)
        if not SETTINGS['own']:
            from ansible.plugins.loader import add_all_plugin_dirs
            add_all_plugin_dirs(folder)
    if folders and FINDER:
        from ansible.utils.collection_loader import AnsibleCollectionConfig
        AnsibleCollectionConfig.playbook_paths = list(folders)


def module(kind, path, full):
    """The module of a file; `full` is its name in a collection."""
    with LOADING:
        if path in KNOWN:
            return KNOWN[path]
        if full:
            loaded = importlib.import_module(full)
        else:
            stem = os.path.splitext(os.path.basename(path))[0]
            name = 'ansible.plugins.%s.%s' % (kind, stem)
            if kind in OWN or name in sys.modules:
                name += '_%d' % int(hashlib.sha1(path.encode()).hexdigest()[:8], 16)
            spec = importlib.util.spec_from_file_location(name, path)
            loaded = importlib.util.module_from_spec(spec)
            sys.modules[name] = loaded
            try:
                spec.loader.exec_module(loaded)
            except BaseException:
                sys.modules.pop(name, None)
                raise
        KNOWN[path] = loaded
        return loaded


def callables(kind, path, full):
    """Names and functions of a file with filters or tests."""
    loaded = module(kind, path, full)
    name, method = OWN[kind]
    maker = getattr(loaded, name, None)
    if maker is None:
        return {}
    with LOADING:
        table = KNOWN.get((path, method))
        if table is None:
            table = KNOWN[path, method] = getattr(maker(), method)()
        return table


def plugin_class(kind, name, path, full):
    """The class of a plugin, or nothing when the file has none that is fit."""
    loaded = module(kind, path, full)
    own, base = CLASSES[kind]
    found = getattr(loaded, own, None)
    if found is None:
        return None
    if kind not in ('inventory', 'vars') and not any(each.__name__ == base for each in found.__mro__):
        say('warning', "Ignoring %s plugin '%s' due to missing base class '%s'." % (kind, name, base))
        return None
    return found


def prepare(kind, name, path, loaded, instance):
    """What the reference's loader sets on an instance, and the plugin's options."""
    instance._original_path = path
    instance._load_name = name
    instance.ansible_name = name
    instance.ansible_aliases = [name]
    define(kind, name, path, loaded)
    return instance


def define(kind, name, path, loaded):
    with LOADING:
        if (path, 'options', name) in KNOWN:
            return
        KNOWN[path, 'options', name] = True
        if SETTINGS['own']:
            from ansible.plugins import define_options
            define_options(kind, name, getattr(loaded, 'DOCUMENTATION', None), path)
        else:
            from ansible.plugins import loader
            getattr(loader, kind + '_loader')._load_config_defs(name, loaded, path)
