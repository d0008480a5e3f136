from ansible.errors import AnsibleFilterError


def fails(value):
    raise AnsibleFilterError('it broke')


def fails_for(value):
    try:
        raise ValueError('the cause')
    except ValueError as error:
        raise AnsibleFilterError('the outer one') from error


def with_two(value, second):
    return [value, second]


class FilterModule(object):
    def filters(self):
        return {
            'fails': fails,
            'fails_for': fails_for,
            'with_two': with_two,
            'twice': lambda value: value * 2,
            'pair': lambda value, second='b', *more, third='c': (value, second, more, third),
            'keyed': lambda value: {1: value, 'two': None, 'three': [1.5, True, 'ä']},
            # One of the language's own names.
            'to_json': lambda value: 'mine',
        }
