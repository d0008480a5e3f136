"""Paths."""
import os

from ansible.errors import AnsibleError


def unfrackpath(path, follow=True, basedir=None):
    path = os.path.expandvars(os.path.expanduser(path.decode() if isinstance(path, bytes) else path))
    if not os.path.isabs(path):
        path = os.path.join(basedir or os.getcwd(), path)
    return os.path.normpath(os.path.realpath(path) if follow else path)


def makedirs_safe(path, mode=None):
    path = unfrackpath(path)
    try:
        os.makedirs(path, *([mode] if mode else []), exist_ok=True)
    except OSError as error:
        raise AnsibleError('Unable to create local directories(%s): %s' % (path, error)) from error


def basedir(source):
    source = unfrackpath(source, follow=False)
    return source if os.path.isdir(source) else os.path.dirname(source)


def is_subpath(child, parent, real=False):
    if real:
        child, parent = os.path.realpath(child), os.path.realpath(parent)
    child, parent = os.path.abspath(child), os.path.abspath(parent)
    return os.path.commonpath([child, parent]) == parent
