"""What old connection plugins read of the play."""


class PlayContext:
    connection = remote_addr = remote_user = port = private_key_file = shell = network_os = None
    timeout = 10
    executable = '/bin/sh'
    pipelining = check_mode = no_log = False
    verbosity = 0

    def __init__(self, play=None, passwords=None, connection_lockfd=None):
        passwords = passwords or {}
        self.password = passwords.get('conn_pass') or ''
        self.become_pass = passwords.get('become_pass') or ''
        self.prompt = ''

    def copy(self, *arguments, **named):
        import copy
        return copy.copy(self)
