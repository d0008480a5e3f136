"""Settings that plugins read; others are an error of their own."""
import os

DEFAULT_LOCAL_TMP = os.path.expanduser('~/.ansible/tmp')
DEFAULT_VAULT_ID_MATCH = False
DEFAULT_DEBUG = False
DEFAULT_VERBOSITY = 0
ANSIBLE_HOME = os.environ.get('ANSIBLE_HOME', os.path.expanduser('~/.ansible'))
TRANSFORM_INVALID_GROUP_CHARS = os.environ.get('ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS', 'never')
BOOL_TRUE = frozenset(('y', 'yes', 'on', '1', 'true', 't', 1, 1.0, True))
YAML_FILENAME_EXTENSIONS = ['.yml', '.yaml', '.json']
LOCALHOST = ('localhost', '127.0.0.1', '::1')
COLOR_CHANGED = 'yellow'
COLOR_DEBUG = 'dark gray'
COLOR_DEPRECATE = 'purple'
COLOR_DIFF_ADD = 'green'
COLOR_DIFF_LINES = 'cyan'
COLOR_DIFF_REMOVE = 'red'
COLOR_ERROR = 'red'
COLOR_HIGHLIGHT = 'white'
COLOR_OK = 'green'
COLOR_SKIP = 'cyan'
COLOR_UNREACHABLE = 'bright red'
COLOR_VERBOSE = 'blue'
COLOR_WARN = 'bright purple'


def __getattr__(name):
    raise AttributeError('the setting %s is not among those that rustible has for plugins where no ansible-core is installed' % name)
