DOCUMENTATION = '''
module: bucket
short_description: A bucket of this tree
description: A bucket.
options: {size: {description: Its size., type: int}}
'''
