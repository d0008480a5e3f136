DOCUMENTATION = """
    name: words
    short_description: words
    description: words
    options:
        _terms:
            description: any
        list:
            description: some words
            type: list
            ini: [{section: words, key: list}]
        needed:
            description: it has to be there
            required: true
            env: [{name: WORDS_NEEDED}]
"""
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return terms
