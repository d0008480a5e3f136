"""Trust in texts, and filters that take undefined values."""


class _Trusted(str):
    pass


def trust_as_template(value):
    return _Trusted(value) if isinstance(value, str) else value


def is_trusted_as_template(value):
    return isinstance(value, _Trusted)


def accept_args_markers(plugin):
    plugin.accept_args_markers = True
    return plugin


def accept_lazy_markers(plugin):
    plugin.accept_lazy_markers = True
    return plugin
