"""Cache plugins."""
import hashlib
import os
import tempfile
import time

from ansible.errors import AnsibleError
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()


class BaseCacheModule(AnsiblePlugin):
    kind = 'cache'
    _display = display
    _persistent = True

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.set_options(var_options=args, direct=kwargs)

    def get(self, key):
        raise NotImplementedError('get')

    def set(self, key, value):
        raise NotImplementedError('set')

    def keys(self):
        raise NotImplementedError('keys')

    def contains(self, key):
        raise NotImplementedError('contains')

    def delete(self, key):
        raise NotImplementedError('delete')

    def flush(self):
        raise NotImplementedError('flush')


class BaseFileCacheModule(BaseCacheModule):
    """A folder with one file for each key; what is in a file is up to the plugin."""

    SPECIAL = ('/', '..', '<', '>', '|')

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.plugin_name = self._load_name
        self._cache = {}
        self._cache_dir = self._get_cache_connection(self.get_option('_uri'))
        self._timeout = float(self.get_option('_timeout') or 0)
        self.validate_cache_connection()

    def _get_cache_connection(self, source):
        return os.path.expanduser(os.path.expandvars(source)) if source else None

    def validate_cache_connection(self):
        if not self._cache_dir:
            raise AnsibleError("The cache plugin '%s' needs a folder: set fact_caching_connection." % self.plugin_name)
        os.makedirs(self._cache_dir, exist_ok=True)
        if not os.access(self._cache_dir, os.R_OK | os.W_OK | os.X_OK):
            raise AnsibleError("The cache plugin '%s' may not read and write the folder %s." % (self.plugin_name, self._cache_dir))

    def _prefix(self):
        return (self.get_option('_prefix') if self.has_option('_prefix') else '') or ''

    def _get_cache_file_name(self, key):
        if any(part in key for part in self.SPECIAL):
            key = hashlib.sha256(key.encode()).hexdigest()[:max(len(key), 12)]
        return os.path.join(self._cache_dir, self._prefix() + key)

    def has_expired(self, key):
        path = self._get_cache_file_name(key)
        if not self._timeout or not os.path.exists(path) or time.time() - os.path.getmtime(path) <= self._timeout:
            return False
        self._cache.pop(key, None)
        return True

    def get(self, key):
        if key not in self._cache:
            if not key or self.has_expired(key):
                raise KeyError(key)
            path = self._get_cache_file_name(key)
            try:
                self._cache[key] = self._load(path)
            except FileNotFoundError:
                raise KeyError(key) from None
            except ValueError as error:
                self.delete(key)
                raise AnsibleError('The cache file %s was corrupt and has been removed: %s' % (path, error)) from None
        return self._cache[key]

    def set(self, key, value):
        self._cache[key] = value
        handle, path = tempfile.mkstemp(dir=self._cache_dir)
        os.close(handle)
        try:
            self._dump(value, path)
            os.chmod(path, 0o644)
            os.replace(path, self._get_cache_file_name(key))
        except OSError as error:
            display.warning("The cache plugin '%s' cannot write: %s" % (self.plugin_name, error))
        finally:
            if os.path.exists(path):
                os.unlink(path)

    def keys(self):
        prefix = self._prefix()
        names = [name[len(prefix):] for name in os.listdir(self._cache_dir) if name.startswith(prefix) and name[0] != '.']
        return [name for name in names if not self.has_expired(name)]

    def contains(self, key):
        return key in self._cache or not self.has_expired(key) and os.path.exists(self._get_cache_file_name(key))

    def delete(self, key):
        self._cache.pop(key, None)
        path = self._get_cache_file_name(key)
        if os.path.exists(path):
            os.unlink(path)

    def flush(self):
        for key in self.keys():
            self.delete(key)
        self._cache = {}

    def _load(self, filepath):
        raise NotImplementedError('_load')

    def _dump(self, value, filepath):
        raise NotImplementedError('_dump')
