//! Settings of the reference that go away there: who sets one is told so.

use super::{Config, Setting};

struct Outgoing {
    setting: Setting,
    why: &'static str,
    instead: &'static str,
    /// The release of the reference that is without it.
    version: &'static str,
}

macro_rules! outgoing {
    ($($name:literal, $env:expr, $section:literal, $key:literal, $version:literal, $why:expr, $instead:literal;)*) => {
        &[$(Outgoing {
            setting: Setting { name: $name, env: $env, ini: &[($section, $key)], default: "" },
            why: $why,
            instead: $instead,
            version: $version,
        },)*]
    };
}

const UNUSED: &str = "This option is no longer used in the Ansible Core code base.";
const NOTHING: &str = "This setting has no effect.";

#[rustfmt::skip]
const TABLE: &[Outgoing] = outgoing! {
    "ANSIBLE_CONNECTION_PATH", &["ANSIBLE_CONNECTION_PATH"], "persistent_connection", "ansible_connection_path", "2.22",
        NOTHING, "none";
    "DEFAULT_ALLOW_UNSAFE_LOOKUPS", &[], "defaults", "allow_unsafe_lookups", "2.23",
        UNUSED, "Lookup plugins are responsible for tagging strings containing templates to allow evaluation as a template.";
    "DEFAULT_JINJA2_EXTENSIONS", &["ANSIBLE_JINJA2_EXTENSIONS"], "defaults", "jinja2_extensions", "2.23",
        "Jinja2 extensions have been deprecated", "Ansible-supported Jinja plugins (tests, filters, lookups)";
    "DEFAULT_JINJA2_NATIVE", &["ANSIBLE_JINJA2_NATIVE"], "defaults", "jinja2_native", "2.23",
        UNUSED, "Jinja2 native mode is now the default and only option.";
    "DEFAULT_LIBVIRT_LXC_NOSECLABEL", &["ANSIBLE_LIBVIRT_LXC_NOSECLABEL"], "selinux", "libvirt_lxc_noseclabel", "2.22",
        "This option was moved to the plugin itself", "Use the option from the plugin itself.";
    "DEFAULT_MANAGED_STR", &[], "defaults", "ansible_managed", "2.23",
        "The `ansible_managed` variable can be set just like any other variable, or a different variable can be used.",
        "Set the `ansible_managed` variable, or use any custom variable in templates.";
    "DEFAULT_NULL_REPRESENTATION", &["ANSIBLE_NULL_REPRESENTATION"], "defaults", "null_representation", "2.23",
        UNUSED, "There is no alternative at the moment. A different mechanism would have to be implemented in the current code base.";
    "DEFAULT_UNDEFINED_VAR_BEHAVIOR", &["ANSIBLE_ERROR_ON_UNDEFINED_VARS"], "defaults", "error_on_undefined_vars", "2.23",
        UNUSED, "There is no alternative at the moment. A different mechanism would have to be implemented in the current code base.";
    "STRING_TYPE_FILTERS", &["ANSIBLE_STRING_TYPE_FILTERS"], "jinja2", "dont_type_filters", "2.23",
        "This option has no effect.", "None; native types returned from filters are always preserved.";
};

/// What is to be told of those that are set.
pub(crate) fn notes(config: &Config) -> impl Iterator<Item = String> {
    let set = TABLE.iter().filter(|outgoing| config.raw_of(&outgoing.setting).is_some());
    let wanted = config.flag("DEPRECATION_WARNINGS");
    set.filter(move |_| wanted).map(|Outgoing { setting, why, instead, version }| {
        let (name, stop) = (setting.name, if instead.ends_with('.') { "" } else { "." });
        format!("{name} option. Reason: {why}\nAlternatives: {instead}{stop} This feature will be removed from ansible-core version {version}.")
    })
}
