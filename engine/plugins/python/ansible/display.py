"""Showing things; every method is answered by the one that owns the terminal."""


class Display:
    _shared = None
    verbosity = 0
    columns = 79

    def __new__(cls, *arguments, **named):
        if Display._shared is None:
            Display._shared = super().__new__(cls)
        return Display._shared

    def __init__(self, verbosity=0):
        pass

    def banner(self, msg, color=None, cows=True):
        msg = str(msg).strip()
        self.display('\n%s %s' % (msg, '*' * max(3, self.columns - len(msg))), color=color)

    def debug(self, msg, host=None):
        pass

    def system_warning(self, msg):
        self.warning(msg)
