from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        Display().warning("warned by the lookup")
        Display().deprecated("old by the lookup", version="99.1", collection_name="our.own")
        return terms
