"""What plugins warn of goes the way of what they show."""
from ansible.utils.display import Display


def warn(warning, *, help_text=None, obj=None):
    _skip_stackwalk = True
    Display().warning(warning, help_text=help_text)


def deprecate(msg, version=None, date=None, collection_name=None, *, deprecator=None, help_text=None, obj=None):
    _skip_stackwalk = True
    Display().deprecated(msg, version, date=date, collection_name=collection_name, deprecator=deprecator, help_text=help_text)
