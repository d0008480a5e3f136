# Starts one packed module: the archive goes first into the search path, the arguments into the common code.
def start(archive, name, arguments):
    import base64
    import os
    import sys

    try:
        os.getcwd()
    except OSError:
        try:
            os.chdir(os.path.expanduser('~'))
        except OSError:
            os.chdir('/')

    sys.path = [archive] + [place for place in sys.path if place not in ('', '.')]
    arguments = base64.b64decode(arguments)
    try:
        from ansible.module_utils._internal._ansiballz import _loader
    except ImportError:
        import runpy
        from ansible.module_utils import basic
        basic._ANSIBLE_ARGS = arguments
        basic._ANSIBLE_PROFILE = 'legacy'
        names = dict(_module_fqn=name, _modlib_path=archive)
        runpy.run_module(name, init_globals=names, run_name='__main__', alter_sys=True)
    else:
        _loader.run_module(
            json_params=arguments, profile='legacy', module_fqn=name, modlib_path=archive, extensions={})


