"""Lookups."""
from abc import abstractmethod

from ansible.errors import AnsibleFileNotFound
from ansible.plugins import AnsiblePlugin
from ansible.utils.display import Display

display = Display()

__all__ = ['LookupBase']


class LookupBase(AnsiblePlugin):
    kind = 'lookup'
    accept_args_markers = False

    def __init__(self, loader=None, templar=None, **kwargs):
        super().__init__()
        self._loader = loader
        self._templar = templar
        self._display = display

    def get_basedir(self, variables):
        return variables['role_path'] if 'role_path' in variables else self._loader.get_basedir()

    @staticmethod
    def _flatten(terms):
        found = []
        for term in terms:
            found.extend(term) if isinstance(term, (list, tuple)) else found.append(term)
        return found

    @staticmethod
    def _combine(a, b):
        return [LookupBase._flatten([x, y]) for x in a for y in b]

    @staticmethod
    def _flatten_hash_to_list(terms):
        return [{'key': key, 'value': terms[key]} for key in terms]

    @abstractmethod
    def run(self, terms, variables=None, **kwargs):
        raise NotImplementedError

    def find_file_in_search_path(self, myvars, subdir, needle, ignore_missing=False):
        if 'ansible_search_path' in myvars:
            paths = myvars['ansible_search_path']
        else:
            paths = [self.get_basedir(myvars)]
        try:
            return self._loader.path_dwim_relative_stack(paths, subdir, needle)
        except AnsibleFileNotFound:
            if not ignore_missing:
                self._display.warning("Unable to find '%s' in expected paths (use -vvvvv to see paths)" % needle)
        return None

    def _deprecate_inline_kv(self):
        pass
