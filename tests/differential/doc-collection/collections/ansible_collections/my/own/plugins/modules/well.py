#!/usr/bin/python
DOCUMENTATION = r"""
module: well
short_description: Digs a well
version_added: "1.1.0"
description:
  - Digs a B(deep) well with C(spade), see M(my.own.pump) and U(https://example.com/a).
  - Uses O(depth) and O(place=there), returns RV(water), sets E(WELL_HOME), has V(none) and I(more), see L(this,https://example.com/b)
    or R(that,anchor) or P(my.own.fetch#lookup).
extends_documentation_fragment: [my.own.shared, my.own.shared.more]
notes: [One note., "A second note, which is long enough that it must be broken into more than a single line of text on the page that is shown."]
seealso:
  - module: my.own.pump
  - module: ansible.builtin.copy
    description: Copies.
  - plugin: my.own.fetch
    plugin_type: lookup
  - name: A page
    link: https://example.com/page
    description: Tells more.
  - ref: anchor
    description: A place.
requirements: [spade, "bucket >= 2"]
author: [Some One (@some), Another]
options:
  depth:
    description: How deep, in metres.
    type: int
    required: true
  place:
    description: [Where., Two texts.]
    choices: [here, there]
    default: here
    aliases: [spot, site]
  parts:
    description: What it is made of.
    type: list
    elements: dict
    version_added: 1.2.0
    suboptions:
      kind:
        description: The kind.
        required: true
      count: {description: How many., type: int, default: 1}
attributes:
  check_mode: {support: full, description: Predicts.}
  diff_mode: {support: none, description: No.}
"""
EXAMPLES = r"""
- name: Dig
  my.own.well:
    depth: 3
"""
RETURN = r"""
water:
  description: Whether there is water.
  returned: always
  type: bool
  sample: true
layers:
  description: What was met.
  returned: when dug
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, returned: always, sample: clay}
"""
