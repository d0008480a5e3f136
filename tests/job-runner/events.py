"""Runs the playbook of a tree by ansible-runner and prints its events, one JSON object a line, and last what it left.

events.py TREE BIN runs site.yml of a copy of TREE; BIN is the folder with `ansible-playbook`. What differs from one run to the
next is replaced by a word.
events.py --in-place TREE BIN PLAYBOOK [OPTION...] runs in TREE itself and prints which event came of which host in which task.
"""
import json
import os
import re
import shutil
import sys
import tempfile

import ansible_runner

PLACES = [
    (r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?', 'TIME'),
    (r'\b0:00:\d\d\.\d+', 'SPAN'),
    (r'\bj?\d{6,}\.\d+\b', 'JOB'),
    (r'[^" ]*/\.ansible_async/', '/JOBS/'),
]


class Steady:
    """The same words for the same things in every run."""

    def __init__(self, place):
        self.place = place
        self.known = {}

    def uuid(self, text):
        stem, number = re.fullmatch(r'(.*?)((?:_\d+)*)', text).groups()
        return '#%d%s' % (self.known.setdefault(stem, len(self.known)), number)

    def of(self, value, key=''):
        if isinstance(value, dict):
            return {name: self.of(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.of(inner) for inner in value]
        if key in ('pid', 'duration'):
            return type(value).__name__
        if not isinstance(value, str):
            return value
        if key == 'uuid' or key.endswith('_uuid'):
            return self.uuid(value)
        value = value.replace(self.place, 'TREE')
        for pattern, word in PLACES:
            value = re.sub(pattern, word, value)
        return value


def by_host(events):
    """Hosts work at the same time: the events of a task, one host after the other."""
    ordered, task = [], []
    for event in events:
        if event['event'].startswith('runner_'):
            task.append(event)
            continue
        ordered += sorted(task, key=lambda told: told['event_data'].get('host', ''))
        task = []
        ordered.append(event)
    return ordered + sorted(task, key=lambda told: told['event_data'].get('host', ''))


def without(event):
    """Without what depends on the order in which hosts are done, and with lines counted from the event's first."""
    event.pop('counter')
    event['lines'] = event.pop('end_line') - event.pop('start_line')
    data = event.get('event_data', {})
    if event['event'] == 'runner_on_unreachable':
        # Why a host is not reached is told with advice.
        event.pop('stdout')
        event.pop('lines')
    results = data.get('res', {}).get('results', []) + [data.get('res', {})]
    if data.get('task_action') == 'copy':
        for result in results:
            # A temporary file that nobody sees again.
            result.pop('src', None)
    return event


def plain():
    """No settings but those of the tree; Python's streams have their buffers."""
    os.environ.pop('PYTHONUNBUFFERED', None)
    for name in list(os.environ):
        if name.startswith(('ANSIBLE_', 'RUSTIBLE_')) and name != 'ANSIBLE_LIBRARY':
            del os.environ[name]


def left(run, folder):
    """What a run left behind."""
    events = list(run.events)
    kept = os.path.join(folder, 'fact_cache')
    names = sorted('%d-%s.json' % (event['counter'], event['uuid']) for event in events)
    files = {}
    for name in ('command', 'stdout', 'rc', 'status'):
        files[name] = os.stat(os.path.join(folder, name)).st_mode & 0o777
    return {
        'status': run.status,
        'rc': run.rc,
        'stats': run.stats,
        'files': files,
        'rc file': open(os.path.join(folder, 'rc')).read(),
        'status file': open(os.path.join(folder, 'status')).read(),
        'every event has its file': sorted(os.listdir(os.path.join(folder, 'job_events'))) == names,
        'counters': [event['counter'] for event in events] == list(range(1, len(events) + 1)),
        'lines follow each other': all(a['end_line'] == b['start_line'] for a, b in zip(events, events[1:])),
        'fact cache': {name: json.load(open(os.path.join(kept, name))) for name in sorted(os.listdir(kept))},
    }


def whole(tree, base):
    """Every event with all that it tells, of a tree's copy."""
    place = os.path.join(base, 'tree')
    shutil.copytree(tree, place)
    run = ansible_runner.run(private_data_dir=place, playbook='site.yml', ident='run', quiet=True)
    steady = Steady(place)
    for event in by_host(list(run.events)):
        print(json.dumps(steady.of(without(dict(event))), sort_keys=True))
    print(json.dumps(steady.of(left(run, os.path.join(place, 'artifacts', 'run'))), sort_keys=True))


def facts_of(cached):
    """The facts in a file of the cache."""
    payload = cached.get('__payload__', cached)
    return json.loads(payload) if isinstance(payload, str) else payload


def sequence(tree, base, playbook, options):
    """Which event came of which host in which task, of a tree in its place."""
    run = ansible_runner.run(
        private_data_dir=tree, project_dir=tree, artifact_dir=base, playbook=playbook, cmdline=options,
        ident='run', quiet=True)
    for event in by_host(list(run.events)):
        data = event.get('event_data', {})
        names = [data.get(name) for name in ('play', 'role', 'task', 'task_action', 'host')]
        said = event['stdout'] if event['event'] == 'verbose' else None
        print(json.dumps([event['event'], *names, data.get('res', {}).get('changed'), said]))
    told = left(run, os.path.join(base, 'run'))
    # A host's facts in the cache are only the interpreter that modules in Python were run by, where none were gathered.
    told['fact cache'] = [name for name, facts in told['fact cache'].items() if len(facts_of(facts)) > 1]
    print(json.dumps(told, sort_keys=True))
    if run.status != 'successful':
        sys.exit(open(os.path.join(base, 'run', 'stdout')).read()[-4000:])


def main():
    words = sys.argv[1:]
    in_place = words[0] == '--in-place'
    tree, programs, *rest = words[in_place:]
    plain()
    os.environ['PATH'] = programs + os.pathsep + os.environ['PATH']
    base = os.path.realpath(tempfile.mkdtemp())
    if in_place:
        sequence(tree, base, rest[0], ' '.join(rest[1:]))
    else:
        whole(tree, base)
    shutil.rmtree(base)


main()
