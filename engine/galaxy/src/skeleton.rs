//! What a new role or collection begins with; the texts are our own.

/// Files of a role: path and text.
pub(crate) fn role(name: &str) -> Vec<(&'static str, String)> {
    let vars = |what: &str| format!("---\n# {what} of {name}\n");
    vec![
        ("README.md", format!("{name}\n{}\n\n{ROLE_README}", "=".repeat(name.chars().count().max(3)))),
        ("defaults/main.yml", vars("defaults")),
        ("handlers/main.yml", vars("handlers")),
        ("meta/main.yml", ROLE_META.into()),
        ("tasks/main.yml", vars("tasks")),
        ("tests/inventory", "localhost\n".into()),
        ("tests/test.yml", format!("---\n- hosts: localhost\n  remote_user: root\n  roles:\n    - {name}\n")),
        ("vars/main.yml", vars("variables")),
    ]
}

/// Empty folders of a role.
pub(crate) const ROLE_FOLDERS: [&str; 2] = ["files", "templates"];

/// Files of a collection: path and text.
pub(crate) fn collection(namespace: &str, name: &str) -> Vec<(&'static str, String)> {
    let head =
        format!("---\n# Lower-case letters, digits and underscores.\nnamespace: {namespace}\nname: {name}\n");
    vec![
        ("README.md", format!("# {namespace}.{name}\n\nWhat this collection is for.\n")),
        ("galaxy.yml", format!("{head}{GALAXY}")),
        ("meta/runtime.yml", RUNTIME.into()),
        ("plugins/README.md", PLUGINS.into()),
    ]
}

/// Empty folders of a collection.
pub(crate) const COLLECTION_FOLDERS: [&str; 2] = ["docs", "roles"];

const ROLE_README: &str = "\
What this role does.

Requirements
------------

What must be there before the role runs.

Variables
---------

The variables a user may set, with their defaults.

Dependencies
------------

Other roles that this one needs.

Example
-------

    - hosts: servers
      roles:
        - role: username.rolename
          x: 42

License
-------

The license's SPDX identifier.

Author
------

Who wrote it, and how to reach them.
";

const ROLE_META: &str = "\
galaxy_info:
  author: your name
  description: your role description
  company: your company (optional)

  # Where problems are reported, unless that is GitHub:
  # issue_tracker_url: http://example.com/issue/tracker

  # An SPDX identifier.
  license: license (GPL-2.0-or-later, MIT, etc)

  min_ansible_version: 2.2

  # Words to be found by; lower-case letters and digits, at most twenty.
  galaxy_tags: []

# Roles that run before this one.
dependencies: []
";

const GALAXY: &str = "
# A semantic version.
version: 1.0.0

# A file of this folder, in Markdown.
readme: README.md

# `Full Name <email> (url)`.
authors:
- your name <example@domain.com>

# One sentence.
description: your collection description

# SPDX identifiers. A file with the text goes to license_file instead.
license:
- GPL-2.0-or-later
license_file: ''

# Words to be found by.
tags: []

# Collections that this one needs: `namespace.name` and a range of versions, such as `>=1.0.0,<2.0.0`.
dependencies: {}

repository: http://example.com/repository
documentation: http://docs.example.com
homepage: http://example.com
issues: http://example.com/issue/tracker

# Shell patterns of files and folders that are no part of the archive.
build_ignore: []

# In the place of build_ignore: directives as in a MANIFEST.in.
# manifest:
#   directives: []
#   omit_default_directives: false
";

const RUNTIME: &str = "\
---
# The versions of ansible-core that the collection is for.
# requires_ansible: '>=2.9.10'

# Plugins and modules that moved, will go or are gone.
# plugin_routing:
#   modules:
#     old_name:
#       redirect: namespace.name.new_name
#     going:
#       deprecation:
#         removal_version: 4.0.0
#         warning_text: What to use in its place.
#     gone:
#       tombstone:
#         removal_version: 2.0.0
#         warning_text: What to use in its place.

# Python modules that moved.
# import_redirection: {}

# Modules that share defaults.
# action_groups: {}
";

const PLUGINS: &str = "\
# Plugins

One folder for each kind: `action`, `become`, `cache`, `callback`, `cliconf`, `connection`, `filter`, `httpapi`,
`inventory`, `lookup`, `module_utils`, `modules`, `netconf`, `shell`, `strategy`, `terminal`, `test`, `vars`.
";
