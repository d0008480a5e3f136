from ansible import __version__  # noqa: F401

__author__ = ''
__codename__ = ''
