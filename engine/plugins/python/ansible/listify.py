"""Terms of lookups as a list."""


def listify_lookup_plugin_terms(terms, templar=None, fail_on_undefined=True, convert_bare=False, **more):
    if templar is not None and hasattr(templar, 'template'):
        terms = templar.template(terms)
    if isinstance(terms, str) or not hasattr(terms, '__iter__'):
        terms = [terms]
    return terms
