#!/usr/bin/env python3
"""Write the table of Python's encodings of one byte a character.

usage: tests/oracle/encodings.py > modules/ansible_builtin/src/encoding/single_byte.txt
"""
import codecs
import collections
import encodings
import importlib
import pkgutil
from encodings.aliases import aliases

HEAD = """\
# Encodings of one byte a character: names: code points of the bytes 0 to 255 in hexadecimal, +N for that many
# successors, - for a byte without a character and -N for N of them. Written by tests/oracle/encodings.py.
"""


def table(name):
    for byte in range(256):
        try:
            yield ord(codecs.decode(bytes([byte]), name))
        except UnicodeDecodeError:
            yield None


def runs(points):
    at = 0
    while at < 256:
        first, end = points[at], at + 1
        while end < 256 and points[end] == (None if first is None else first + end - at):
            end += 1
        length = end - at
        if first is None:
            yield "-" + (str(length) if length > 1 else "")
        else:
            yield f"{first:x}" + (f"+{length - 1}" if length > 1 else "")
        at = end


def main():
    also = collections.defaultdict(list)
    for alias, name in aliases.items():
        also[name].append(alias)
    print(HEAD, end="")
    for name in sorted(module.name for module in pkgutil.iter_modules(encodings.__path__)):
        try:
            module = importlib.import_module("encodings." + name)
        except ImportError:
            continue
        mapped = hasattr(module, "decoding_table") or hasattr(module, "decoding_map")
        # What any byte is by its number is told without a table.
        if not mapped or name in ("charmap", "iso8859_1"):
            continue
        points = list(table(name))
        for byte, point in enumerate(points):
            last = max(at for at, other in enumerate(points) if other == point)
            assert point is None or codecs.encode(chr(point), name)[0] == last, (name, byte)
        print(" ".join([name, *sorted(also[name])]) + ": " + " ".join(runs(points)))


main()
