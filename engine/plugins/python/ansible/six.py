"""What is left of the bridge between Python 2 and 3."""
import builtins
import io
import sys

PY2, PY3 = False, True
string_types = (str,)
text_type = str
binary_type = bytes
integer_types = (int,)
class_types = (type,)
MAXSIZE = sys.maxsize
StringIO = io.StringIO
BytesIO = io.BytesIO
b = lambda text: text.encode('latin-1')  # noqa: E731
u = lambda text: text  # noqa: E731


def iteritems(d, **kw):
    return iter(d.items(**kw))


def iterkeys(d, **kw):
    return iter(d.keys(**kw))


def itervalues(d, **kw):
    return iter(d.values(**kw))


def with_metaclass(meta, *bases):
    return meta('base', bases, {})


def add_metaclass(metaclass):
    def wrap(cls):
        body = dict(cls.__dict__)
        body.pop('__dict__', None)
        body.pop('__weakref__', None)
        return metaclass(cls.__name__, cls.__bases__, body)
    return wrap


def raise_from(value, from_value):
    raise value from from_value


def reraise(tp, value, tb=None):
    raise value.with_traceback(tb)


def ensure_text(s, encoding='utf-8', errors='strict'):
    return s.decode(encoding, errors) if isinstance(s, bytes) else s


ensure_str = ensure_text


def ensure_binary(s, encoding='utf-8', errors='strict'):
    return s.encode(encoding, errors) if isinstance(s, str) else s


class moves:  # noqa: N801  the name is what plugins import
    import configparser
    import functools
    import urllib
    import urllib.error
    import urllib.parse
    import urllib.request
    from functools import reduce
    from itertools import filterfalse, zip_longest
    filter, map, range, zip, input = builtins.filter, builtins.map, builtins.range, builtins.zip, builtins.input
    xrange = builtins.range
    StringIO = io.StringIO
    cPickle = __import__('pickle')
    builtins = builtins


sys.modules[__name__ + '.moves'] = moves
sys.modules[__name__ + '.moves.urllib'] = moves.urllib
for _part in ('error', 'parse', 'request'):
    sys.modules[__name__ + '.moves.urllib.' + _part] = getattr(moves.urllib, _part)
for _part in ('configparser', 'builtins'):
    sys.modules[__name__ + '.moves.' + _part] = getattr(moves, _part)
