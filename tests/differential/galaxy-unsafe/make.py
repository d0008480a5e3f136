"""Archives that try to leave the folder they are unpacked into, or are not what they say."""
import hashlib
import io
import json
import sys
import tarfile


def add(tar, name, data=b'', link=None, kind=None):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    if link is not None:
        info.type, info.linkname, info.size = kind or tarfile.SYMTYPE, link, 0
    tar.addfile(info, io.BytesIO(data) if data else None)


def role(path, *members):
    with tarfile.open(path, 'w') as tar:
        add(tar, 'r/meta/main.yml', b'galaxy_info: {author: x}\n')
        for member in members:
            add(tar, *member)


def collection(path, entries, members, forge=None):
    with tarfile.open(path, 'w:gz') as tar:
        files = [{'name': '.', 'ftype': 'dir', 'chksum_type': None, 'chksum_sha256': None, 'format': 1}]
        for name, kind, data in entries:
            digest = hashlib.sha256(data).hexdigest() if kind == 'file' else None
            files.append({'name': name, 'ftype': kind, 'chksum_type': digest and 'sha256', 'chksum_sha256': digest,
                          'format': 1})
        listed = json.dumps({'files': files, 'format': 1}).encode()
        info = {'namespace': 'ns', 'name': 'col', 'version': '1.0.0', 'dependencies': {}}
        digest = forge or hashlib.sha256(listed).hexdigest()
        manifest = {'collection_info': info, 'format': 1, 'file_manifest_file': {
            'name': 'FILES.json', 'ftype': 'file', 'chksum_type': 'sha256', 'chksum_sha256': digest, 'format': 1}}
        add(tar, 'MANIFEST.json', json.dumps(manifest).encode())
        add(tar, 'FILES.json', listed)
        for member in members:
            add(tar, *member)


if sys.argv[1] == 'roles':
    role('up.tar', ('r/../../evil', b'x'))
    role('abs.tar', ('/tmp/galaxy-unsafe-evil', b'x'))
    role('link.tar', ('r/tasks/l', b'', '/etc'))
    role('linkup.tar', ('r/tasks/l', b'', '../../x'))
    role('home.tar', ('r/tasks/~l.yml', b'', '~/x'))
    role('good.tar', ('r/tasks/l', b'', '../meta/main.yml'))
    role('through.tar', ('r/d', b'', '/tmp'), ('r/d/galaxy-unsafe-evil', b'x'))
    role('hard.tar', ('r/h', b'', '/etc/hostname', tarfile.LNKTYPE))
else:
    collection('up.tar.gz', [('../../evil', 'file', b'x')], [('../../evil', b'x')])
    collection('abs.tar.gz', [('/tmp/galaxy-unsafe-evil', 'file', b'x')], [('/tmp/galaxy-unsafe-evil', b'x')])
    collection('link.tar.gz', [('l', 'dir', b'')], [('l', b'', '../../..')])
    collection('through.tar.gz', [('l', 'dir', b''), ('l/evil', 'file', b'x')], [('l', b'', '../..'), ('l/evil', b'x')])
    collection('sum.tar.gz', [('f', 'file', b'x')], [('f', b'y')])
    collection('gone.tar.gz', [('f', 'file', b'x')], [])
    collection('files.tar.gz', [('f', 'file', b'x')], [('f', b'x')], forge='0' * 64)
    collection('more.tar.gz', [('f', 'file', b'x')], [('f', b'x'), ('unlisted', b'y'), ('../../evil', b'x')])
