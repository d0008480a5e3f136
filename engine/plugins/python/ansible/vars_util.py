"""Merging mappings."""
import keyword
from collections.abc import MutableMapping

from ansible.errors import AnsibleError, AnsibleOptionsError


def load_extra_vars(loader):
    """The variables of the command line, put here by the one that read them."""
    return getattr(load_extra_vars, 'extra_vars', {})


def combine_vars(a, b, merge=None):
    return merge_hash(a, b) if merge else {**a, **b}


def merge_hash(x, y, recursive=True, list_merge='replace'):
    if list_merge not in ('replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp'):
        raise AnsibleError("merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'")
    for side in (x, y):
        if not isinstance(side, MutableMapping):
            raise AnsibleOptionsError("failed to combine variables, expected dicts but got a '%s' and a '%s'" % (type(x).__name__, type(y).__name__))
    merged = dict(x)
    for key, new in y.items():
        old = merged.get(key)
        if key in merged and recursive and isinstance(old, MutableMapping) and isinstance(new, MutableMapping):
            merged[key] = merge_hash(old, new, recursive, list_merge)
        elif key in merged and isinstance(old, list) and isinstance(new, list):
            merged[key] = {
                'replace': lambda: new,
                'keep': lambda: old,
                'append': lambda: old + new,
                'prepend': lambda: new + old,
                'append_rp': lambda: [item for item in old if item not in new] + new,
                'prepend_rp': lambda: new + [item for item in old if item not in new],
            }[list_merge]()
        else:
            merged[key] = new
    return merged


def isidentifier(ident):
    return isinstance(ident, str) and ident.isascii() and ident.isidentifier() and not keyword.iskeyword(ident)
