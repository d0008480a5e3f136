"""What plugins import from ansible, for a Python that has no ansible-core."""
__version__ = '2.21.0'
__path__ = ['<rustible>/ansible']


class _Missing:
    """Says what is missing instead of leaving it to a bare import error."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith('ansible.') and not name.endswith('._importlib'):
            raise ModuleNotFoundError(
                'No module named %r: rustible has only a small part of it; with ansible-core installed, and '
                'RUSTIBLE_PYTHON naming its Python, plugins have all of it' % name, name=name)
        return None


import sys  # noqa: E402
sys.meta_path.append(_Missing)
