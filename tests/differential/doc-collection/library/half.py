DOCUMENTATION = '''
module: half
short_description: Half
description: Half.
options: {size: {type: dict, description: x, suboptions: {a: {type: int}}}}
'''
