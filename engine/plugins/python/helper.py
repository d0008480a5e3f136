"""The helper: frames in, one thread for each request, frames out."""
import json
import queue
import sys
import threading
import traceback

from rustible_values import decode, encode, register_remote

OPERATIONS = {}
SETTINGS = {}


def operation(function):
    OPERATIONS[function.__name__] = function
    return function


class Refused(Exception):
    """The other side could not answer a question."""


class Channel:
    """Both directions of the pipe."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.writing = threading.Lock()
        self.answers = {}

    def send(self, message):
        data = json.dumps(message).encode('ascii')
        with self.writing:
            self.sink.write(len(data).to_bytes(4, 'big') + data)
            self.sink.flush()

    def receive(self):
        head = self.source.read(4)
        if len(head) < 4:
            return None
        size = int.from_bytes(head, 'big')
        data = self.source.read(size)
        return json.loads(data) if len(data) == size else None


CHANNEL = None
HERE = threading.local()


def ask(what, *arguments, request=None):
    """Ask the one who made the request that this thread works for."""
    number = request or getattr(HERE, 'request', None)
    if number is None:
        raise Refused('there is no task to ask about ' + what)
    CHANNEL.send({'id': number, 'ask': what, 'with': [encode(argument) for argument in arguments]})
    answer = CHANNEL.answers[number].get()
    if 'error' in answer:
        failure(answer['error'])
    return decode(answer['answer'])


def failure(error):
    from ansible import errors
    kind = errors.AnsibleUndefinedVariable if error.get('undefined') else errors.AnsibleError
    if error.get('unreachable'):
        kind = errors.AnsibleConnectionFailure
    raise kind(error['message'])


def say(how, text, **more):
    """Let the other side show something."""
    CHANNEL.send({'say': how, 'text': str(text), **more})


def words(error):
    """The messages of an exception and its causes."""
    chain, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        own = getattr(error, '_original_message', None)
        own = str(error) if own is None else str(own)
        own = own.strip() or type(error).__name__
        # A cause whose text is part of the message already is not told twice.
        if not (chain and own in chain[-1]):
            chain.append(own)
        error = error.__cause__ or getattr(error, 'orig_exc', None)
    return chain


def described(error):
    names = [kind.__name__ for kind in type(error).__mro__]
    answer = {
        'messages': words(error),
        'kinds': names,
        'traceback': ''.join(traceback.format_exception(type(error), error, error.__traceback__)),
    }
    for name in ('result', '_result'):
        found = getattr(error, name, None)
        if isinstance(found, dict) and found:
            answer['result'] = encode(found)
            break
    return answer


def work(message):
    number = message['id']
    HERE.request = number
    try:
        result = OPERATIONS[message['do']](*[decode(argument) for argument in message['with']])
        answer = {'id': number, 'done': encode(result)}
        data = json.dumps(answer)
        del data
    except BaseException as error:  # whatever a plugin raises is its failure, not the helper's
        answer = {'id': number, 'failed': described(error)}
    CHANNEL.answers.pop(number, None)
    CHANNEL.send(answer)


class Printed:
    """What plugins print goes through the one that owns the terminal."""

    encoding = 'utf-8'

    def __init__(self, how):
        self.how = how

    def write(self, text):
        if text:
            say(self.how, text)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def serve(source, sink, settings):
    global CHANNEL
    CHANNEL = Channel(source, sink)
    SETTINGS.update(settings)
    sys.modules['rustible_helper'].CHANNEL = CHANNEL
    sys.stdout, sys.stderr = Printed('out'), Printed('err')
    import rustible_operations  # noqa: F401  registers what can be asked for
    while True:
        message = CHANNEL.receive()
        if message is None:
            break
        number = message['id']
        if 'do' in message:
            CHANNEL.answers[number] = queue.SimpleQueue()
            threading.Thread(target=work, args=(message,), daemon=True).start()
        elif number in CHANNEL.answers:
            CHANNEL.answers[number].put(message)
    connections = sys.modules.get('rustible_connections')
    if connections is not None:
        connections.close_all()


register_remote(ask)
