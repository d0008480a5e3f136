"""Texts that are never templates: all that plugins return are such unless they say otherwise."""


def wrap_var(value):
    return value


def to_unsafe_text(value):
    return value if isinstance(value, str) else value.decode()


class AnsibleUnsafeText(str):
    pass
