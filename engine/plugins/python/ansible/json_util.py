"""JSON of values."""
import json


class AnsibleJSONEncoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, bytes):
            return o.decode('utf-8', 'replace')
        if hasattr(o, 'isoformat'):
            return o.isoformat()
        if isinstance(o, (set, frozenset)):
            return list(o)
        if hasattr(o, 'items'):
            return dict(o)
        return super().default(o)
