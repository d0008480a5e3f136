DOCUMENTATION = '''
module: pump
short_description: Pumps
description: Pumps.
deprecated: {removed_in: 2.0.0, why: It is old., alternative: Use M(my.own.well).}
options: {}
author: me
'''
