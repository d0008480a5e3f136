//! The helper's own text: what it is made of, and the small `ansible` package for a Python that has none.

use rustible_protocol::{Dict, Value};

/// What `python3 -c` is started with.
pub(crate) const BOOT: &str = include_str!("../python/boot.py");

const HELPER: &[(&str, &str)] = &[
    ("rustible_helper", include_str!("../python/helper.py")),
    ("rustible_values", include_str!("../python/values.py")),
    ("rustible_loading", include_str!("../python/loading.py")),
    ("rustible_actions", include_str!("../python/actions.py")),
    ("rustible_callbacks", include_str!("../python/callbacks.py")),
    ("rustible_connections", include_str!("../python/connections.py")),
    ("rustible_caches", include_str!("../python/caches.py")),
    ("rustible_hosts", include_str!("../python/hosts.py")),
    ("rustible_strategies", include_str!("../python/strategies.py")),
    ("rustible_operations", include_str!("../python/operations.py")),
];

macro_rules! package {
    ($($name:literal: $file:literal,)*) => {
        &[$(($name, include_str!(concat!("../python/ansible/", $file)))),*]
    };
}

/// Modules under the names by which plugins import them.
const ANSIBLE: &[(&str, &str)] = package! {
    "ansible.__init__": "init.py",
    "ansible.release": "release.py",
    "ansible.errors": "errors.py",
    "ansible.constants": "constants.py",
    "ansible.template": "template.py",
    "ansible.plugins.__init__": "plugins.py",
    "ansible.plugins.lookup.__init__": "lookup.py",
    "ansible.plugins.action.__init__": "action.py",
    "ansible.plugins.cache.__init__": "cache.py",
    "ansible.plugins.callback.__init__": "callback.py",
    "ansible.plugins.become.__init__": "become.py",
    "ansible.plugins.connection.__init__": "connection.py",
    "ansible.plugins.connection.local": "connection_local.py",
    "ansible.plugins.filter.__init__": "empty.py",
    "ansible.plugins.inventory.__init__": "inventory.py",
    "ansible.plugins.strategy.__init__": "empty.py",
    "ansible.plugins.strategy.debug": "strategy.py",
    "ansible.plugins.strategy.free": "strategy.py",
    "ansible.plugins.strategy.host_pinned": "strategy.py",
    "ansible.plugins.strategy.linear": "strategy.py",
    "ansible.plugins.vars.__init__": "vars.py",
    "ansible.playbook.__init__": "empty.py",
    "ansible.playbook.play_context": "play_context.py",
    "ansible.inventory.__init__": "empty.py",
    "ansible.inventory.data": "inventory_data.py",
    "ansible.inventory.group": "inventory_group.py",
    "ansible.inventory.host": "inventory_host.py",
    "ansible.plugins.test.__init__": "empty.py",
    "ansible.parsing.__init__": "empty.py",
    "ansible.parsing.dataloader": "dataloader.py",
    "ansible.parsing.utils.__init__": "empty.py",
    "ansible.parsing.utils.addresses": "addresses.py",
    "ansible.utils.__init__": "empty.py",
    "ansible.utils.display": "display.py",
    "ansible.utils.vars": "vars_util.py",
    "ansible.utils.path": "path_util.py",
    "ansible.utils.listify": "listify.py",
    "ansible.utils.unsafe_proxy": "unsafe_proxy.py",
    "ansible.utils.encrypt": "encrypt.py",
    "ansible.utils.hashing": "hashing.py",
    "ansible.module_utils.__init__": "empty.py",
    "ansible.module_utils._text": "converters.py",
    "ansible.module_utils.six": "six.py",
    "ansible.module_utils.common.__init__": "empty.py",
    "ansible.module_utils.common.text.__init__": "empty.py",
    "ansible.module_utils.common.text.converters": "converters.py",
    "ansible.module_utils.common.warnings": "warnings.py",
    "ansible.module_utils.common.collections": "collections.py",
    "ansible.module_utils.common._collections_compat": "collections.py",
    "ansible.module_utils.common.json": "json_util.py",
    "ansible.module_utils.parsing.__init__": "empty.py",
    "ansible.module_utils.parsing.convert_bool": "convert_bool.py",
};

fn table(texts: &[(&str, &str)]) -> Dict {
    texts.iter().map(|(name, text)| (Value::str(*name), Value::str(*text))).collect()
}

/// The first frame. `own`: the small package is used even where there is an installed one.
pub(crate) fn first(own: bool) -> Value {
    let mut first = Dict::new();
    first.insert("helper", table(HELPER));
    first.insert("ansible", table(ANSIBLE));
    first.insert("own", own);
    Value::Dict(first)
}
