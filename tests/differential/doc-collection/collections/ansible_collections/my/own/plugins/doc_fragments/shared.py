class ModuleDocFragment:
    DOCUMENTATION = r'''
options:
  token:
    description: A token.
    type: str
  depth: {description: not this, default: 1}
notes: [From the fragment.]
'''
    MORE = r'''
options:
  extra: {description: Extra., type: bool, default: false, version_added: 1.0.0}
'''
