"""Random texts."""
import random
import string

DEFAULT_PASSWORD_LENGTH = 20


def random_password(length=DEFAULT_PASSWORD_LENGTH, chars=string.ascii_letters + string.digits + '.,:-_', seed=None):
    source = random.Random(seed) if seed is not None else random.SystemRandom()
    return ''.join(source.choice(chars) for _ in range(length))
