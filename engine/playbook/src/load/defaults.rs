//! `module_defaults`: mappings by the names of modules and of groups of them, which must be known ones.

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use super::{Found, Loader, playbook::listed};

/// Groups that go by a short name.
const GROUPS: [&str; 10] = ["aws", "acme", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"];

impl Loader {
    /// Refuses `module_defaults` that are no mappings, or that name a module or group that nobody knows.
    pub(super) fn check_defaults(&self, attrs: &Dict) -> Result<(), Diagnostic> {
        for written in listed(attrs.get("module_defaults")) {
            let Value::Dict(defaults) = &written else {
                let error = "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, the keys of which must be static action, module, or group names. Only the values may contain templates. For example: {'ping': \"{{ ping_defaults }}\"}";
                return Err(Diagnostic::parse(error, written.origin()));
            };
            for name in defaults.keys().filter_map(Value::as_str) {
                self.check_default(name)?;
            }
        }
        Ok(())
    }

    fn check_default(&self, name: &str) -> Result<(), Diagnostic> {
        if let Some(group) = name.strip_prefix("group/") {
            let builtin = group.strip_prefix("ansible.builtin.").unwrap_or(group);
            // What groups other collections have is their own business.
            if builtin.contains('.') || GROUPS.contains(&builtin) || self.catalog.has_group(builtin) {
                return Ok(());
            }
            let error = "Error loading module_defaults: could not resolve the module_defaults group";
            return Err(Diagnostic::parse(format!("{error} ansible.builtin.{builtin}"), None));
        }
        let short = name.split('.').count() < 3;
        if self.catalog.find(name, &[]) != Found::Unknown {
            return Ok(());
        }
        let full = if short { format!("ansible.legacy.{name}") } else { name.to_string() };
        let error = format!("Could not resolve action {full} in module_defaults");
        Err(Diagnostic::parse(error, None))
    }
}
