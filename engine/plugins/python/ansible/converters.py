"""Text and bytes."""
import json


def to_text(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, str):
        return obj
    if isinstance(obj, bytes):
        return obj.decode(encoding, _handler(errors, 'surrogateescape'))
    return _other(obj, nonstring, '', lambda text: to_text(text, encoding, errors))


def to_bytes(obj, encoding='utf-8', errors=None, nonstring='simplerepr'):
    if isinstance(obj, bytes):
        return obj
    if isinstance(obj, str):
        return obj.encode(encoding, _handler(errors, 'surrogateescape'))
    return _other(obj, nonstring, b'', lambda text: to_bytes(text, encoding, errors))


def _handler(errors, default):
    if errors in (None, 'surrogate_or_strict', 'surrogate_or_escape'):
        return default
    return 'replace' if errors == 'surrogate_or_replace' else errors


def _other(obj, nonstring, empty, convert):
    if nonstring == 'passthru':
        return obj
    if nonstring == 'empty':
        return empty
    if nonstring == 'strict':
        raise TypeError('obj must be a string type')
    if nonstring == 'repr':
        return convert(repr(obj))
    try:
        return convert(str(obj))
    except UnicodeError:
        return convert(repr(obj))


to_native = to_text


def jsonify(data, **kwargs):
    return json.dumps(data, default=str, **kwargs)


def container_to_text(d, encoding='utf-8', errors='surrogate_or_strict'):
    if isinstance(d, dict):
        return {container_to_text(k, encoding, errors): container_to_text(v, encoding, errors) for k, v in d.items()}
    if isinstance(d, (list, tuple)):
        return type(d)(container_to_text(item, encoding, errors) for item in d)
    return to_text(d, encoding, errors) if isinstance(d, bytes) else d


def container_to_bytes(d, encoding='utf-8', errors='surrogate_or_strict'):
    if isinstance(d, dict):
        return {container_to_bytes(k, encoding, errors): container_to_bytes(v, encoding, errors) for k, v in d.items()}
    if isinstance(d, (list, tuple)):
        return type(d)(container_to_bytes(item, encoding, errors) for item in d)
    return to_bytes(d, encoding, errors) if isinstance(d, str) else d
