"""Words that mean yes or no."""
BOOLEANS_TRUE = frozenset(('y', 'yes', 'on', '1', 'true', 't', 1, 1.0, True))
BOOLEANS_FALSE = frozenset(('n', 'no', 'off', '0', 'false', 'f', 0, 0.0, False))
BOOLEANS = BOOLEANS_TRUE.union(BOOLEANS_FALSE)


def boolean(value, strict=True):
    if isinstance(value, bool):
        return value
    known = value
    if isinstance(value, (str, bytes)):
        known = (value.decode() if isinstance(value, bytes) else value).lower().strip()
    if known in BOOLEANS_TRUE:
        return True
    if known in BOOLEANS_FALSE or not strict:
        return False
    raise TypeError("The value '%s' is not a valid boolean.  Valid booleans include: %s" % (
        value, ', '.join(repr(word) for word in BOOLEANS)))
