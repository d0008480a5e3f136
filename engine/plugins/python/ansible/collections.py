"""Kinds of containers."""
from collections.abc import (  # noqa: F401
    Container, Hashable, ItemsView, Iterable, KeysView, Mapping, MappingView, MutableMapping, MutableSequence,
    MutableSet, Sequence, Set, Sized, ValuesView)


class ImmutableDict(Hashable, Mapping):
    def __init__(self, *args, **kwargs):
        self._store = dict(*args, **kwargs)

    def __getitem__(self, key):
        return self._store[key]

    def __iter__(self):
        return iter(self._store)

    def __len__(self):
        return len(self._store)

    def __hash__(self):
        return hash(frozenset(self.items()))

    def __eq__(self, other):
        return isinstance(other, Hashable) and hash(self) == hash(other)

    def __repr__(self):
        return 'ImmutableDict(%r)' % (self._store,)

    def union(self, overriding_mapping):
        return ImmutableDict(self._store, **overriding_mapping)

    def difference(self, subtractive_iterable):
        gone = set(subtractive_iterable)
        return ImmutableDict((key, self._store[key]) for key in self._store if key not in gone)


def is_string(seq):
    return isinstance(seq, (str, bytes))


def is_iterable(seq, include_strings=False):
    if is_string(seq) and not include_strings:
        return False
    return isinstance(seq, Iterable)


def is_sequence(seq, include_strings=False):
    if is_string(seq) and not include_strings:
        return False
    return isinstance(seq, Sequence)


def count(seq):
    if not is_iterable(seq):
        raise Exception('Argument provided  is not an iterable')
    counters = {}
    for item in seq:
        counters[item] = counters.get(item, 0) + 1
    return counters
