"""A server with the parts of Galaxy's API that the command asks for. What it has lies in `dist`."""
import hashlib
import http.server
import json
import pathlib
import sys
import tarfile
import urllib.parse

DIST = pathlib.Path(__file__).parent / 'dist'
ROLES = [{'id': 7, 'name': 'web', 'username': 'owner', 'description': 'A web role', 'github_user': 'owner',
          'github_repo': 'web', 'github_branch': 'main', 'summary_fields': {'tags': []}, 'created': 'once'}]


def archives():
    found = {}
    for path in sorted(DIST.glob('*.tar.gz')):
        with tarfile.open(path) as tar:
            info = json.load(tar.extractfile('MANIFEST.json'))['collection_info']
        found.setdefault(info['namespace'] + '/' + info['name'], {})[info['version']] = (path, info)
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/octet-stream' if isinstance(value, bytes) else 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def missing(self):
        error = {'status': '404', 'code': 'not_found', 'title': 'Not found.', 'detail': 'Nothing of that name.'}
        self.answer({'errors': [error]}, 404)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        parts = url.path.strip('/').split('/')
        if parts == ['api']:
            return self.answer({'available_versions': {'v1': 'v1/', 'v3': 'v3/'}, 'current_version': 'v3'})
        if parts[0] == 'download':
            path = DIST / parts[1]
            return self.answer(path.read_bytes()) if path.is_file() else self.missing()
        if parts[:3] == ['api', 'v3', 'collections']:
            return self.collection(parts[3:], query)
        if parts[:3] == ['api', 'v3', 'imports']:
            return self.imported()
        if parts[:3] == ['api', 'v1', 'roles']:
            return self.role(parts[3:], query)
        if parts[:4] == ['api', 'v1', 'search', 'roles']:
            words = query.get('autocomplete', [''])[0]
            found = [role for role in ROLES if words in role['name']]
            return self.answer({'count': len(found), 'results': found})
        return self.missing()

    def collection(self, parts, query):
        versions = archives().get('/'.join(parts[:2]))
        if versions is None:
            return self.missing()
        base = '/api/v3/collections/' + '/'.join(parts[:2]) + '/'
        if len(parts) == 2:
            return self.answer({'href': base, 'updated_at': 'once', 'created_at': 'once'})
        if len(parts) == 3:
            offset = int(query.get('offset', ['0'])[0])
            names = list(versions)
            page = [{'version': name, 'href': f'{base}versions/{name}/', 'requires_ansible': '>=2.9.10'}
                    for name in names[offset:offset + 2]]
            more = f'{base}versions/?limit=2&offset={offset + 2}' if offset + 2 < len(names) else None
            return self.answer({'meta': {'count': len(names)}, 'links': {'next': more}, 'data': page})
        if parts[3] not in versions:
            return self.missing()
        path, info = versions[parts[3]]
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if info['name'] == 'forged':
            digest = '0' * 64
        host = 'http://' + self.headers['Host']
        self.answer({
            'version': info['version'], 'href': f'{base}versions/{parts[3]}/', 'requires_ansible': '>=2.9.10',
            'namespace': {'name': info['namespace']}, 'collection': {'name': info['name']},
            'download_url': f'{host}/download/{path.name}', 'signatures': [], 'metadata': info,
            'artifact': {'filename': path.name, 'sha256': digest, 'size': len(content)}})

    def role(self, parts, query):
        if parts and parts[0]:
            return self.answer({'results': [{'name': '1.0.0', 'download_url': self.download()},
                                            {'name': '1.2.0', 'download_url': self.download()}]})
        found = [role for role in ROLES if role['name'] == query['name'][0]
                 and role['username'] == query['owner__username'][0]]
        return self.answer({'count': len(found), 'results': found})

    def download(self):
        return 'http://' + self.headers['Host'] + '/download/web.tar'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if self.headers.get('Authorization') != 'Token secret-of-the-server':
            error = {'status': '403', 'code': 'not_authenticated', 'title': 'Authentication is needed.'}
            return self.answer({'errors': [error]}, 403)
        state = 'failed' if b'ns-bad-' in body else 'completed'
        kind = self.headers['Content-Type'].split(';')[0]
        names = sorted(part.split(b'"')[0].decode() for part in body.split(b' name="')[1:])
        (DIST / 'state').write_text(json.dumps([state, kind, names]))
        return self.answer({'task': '/api/v3/imports/collections/one/'})

    def imported(self):
        state, kind, names = json.loads((DIST / 'state').read_text())
        messages = [{'level': 'INFO', 'message': f'{kind} with {names}', 'time': 'once'},
                    {'level': 'WARNING', 'message': 'this is a warning', 'time': 'once'},
                    {'level': 'ERROR', 'message': 'this is an error', 'time': 'once'}]
        error = {'code': 'GALAXY1', 'description': 'It is bad.', 'traceback': ''} if state == 'failed' else None
        return self.answer({'state': state, 'finished_at': 'once', 'messages': messages, 'error': error})


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
port = pathlib.Path(sys.argv[1])
port.with_suffix('.new').write_text(str(server.server_port))
port.with_suffix('.new').rename(port)
server.serve_forever()
