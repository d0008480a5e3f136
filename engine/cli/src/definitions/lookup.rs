//! What `lookup('config')` is told.

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;
use rustible_template::Wanted;

use super::{Asked, Plugins, base};
use crate::{args::ConnectionArgs, config::Config};

/// The settings as templates ask for them.
pub(crate) struct Settings {
    config: Config,
    plugins: Plugins,
    options: Dict,
}

impl Settings {
    /// Those of a run.
    pub(crate) fn new(config: &Config, plugins: Plugins, given: &ConnectionArgs) -> Self {
        let mut options = Dict::new();
        for (name, value) in [
            ("private_key_file", &given.private_key),
            ("ssh_common_args", &given.ssh_common_args),
            ("ssh_extra_args", &given.ssh_extra_args),
            ("sftp_extra_args", &given.sftp_extra_args),
            ("scp_extra_args", &given.scp_extra_args),
        ] {
            options.insert(name, value.as_deref().map(Value::str));
        }
        options.insert("timeout", given.timeout.and_then(|seconds| i64::try_from(seconds).ok()));
        Self { config: config.clone(), plugins, options }
    }
}

impl rustible_template::Config for Settings {
    fn setting(&self, wanted: &Wanted<'_>) -> Result<Option<(Value, Option<String>)>, Diagnostic> {
        if wanted.plugin.is_none() && wanted.name == "CONFIG_FILE" {
            return Ok(Some((super::file(&self.config), Some(String::new()))));
        }
        let definition = match wanted.plugin {
            None => base(wanted.name),
            Some((kind, plugin)) => {
                let options = self.plugins.options(kind, plugin).map_err(Diagnostic::new)?;
                let Some(options) = options else {
                    return Err(Diagnostic::new(format!("Unable to load {kind} plugin '{plugin}'.")));
                };
                options.get(wanted.name).and_then(Value::as_dict).cloned()
            }
        };
        let Some(definition) = definition else { return Ok(None) };
        let asked = Asked {
            config: &self.config,
            name: wanted.name,
            definition: &definition,
            plugin: wanted.plugin,
            variable: wanted.variable,
            options: &self.options,
        };
        asked.settle().map(Some).map_err(Diagnostic::from)
    }
}
