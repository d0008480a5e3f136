//! Settings of the reference that rustible does not have: a run that counts on one must hear of it.

use std::path::Path;

use rustible_source::{Diagnostic, Kind};

use super::{Config, Setting};

/// What becomes of a run that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The run would do something else than asked for, or show what must not be shown.
    Refuse,
    /// The run does the same; something beside it is missing.
    Warn,
    /// A folder with plugins in Python: worth a word only when there are some in it.
    Plugins,
}

struct Unsupported {
    setting: Setting,
    /// Values that ask for nothing.
    harmless: &'static [&'static str],
    verdict: Verdict,
}

const OFF: &[&str] = &["", "false", "no", "off", "0", "n", "f", "none", "null"];

const ON: &[&str] = &["", "true", "yes", "on", "1", "y", "t"];

macro_rules! unsupported {
    ($($env:literal, $section:literal, $key:literal, $harmless:expr, $verdict:ident;)*) => {
        &[$(Unsupported {
            setting: Setting { name: $key, env: &[$env], ini: &[($section, $key)], default: "" },
            harmless: $harmless,
            verdict: Verdict::$verdict,
        },)*]
    };
}

const TABLE: &[Unsupported] = unsupported! {
    "ANSIBLE_PKCS11_PROVIDER", "ssh_connection", "pkcs11_provider", OFF, Refuse;
    "ANSIBLE_MODULE_STRICT_UTF8_RESPONSE", "defaults", "module_strict_utf8_response", ON, Warn;
    "ANSIBLE_LOG_FILTER", "defaults", "log_filter", OFF, Warn;
    "ANSIBLE_KEEP_REMOTE_FILES", "defaults", "keep_remote_files", OFF, Warn;
    "ANSIBLE_BECOME_PLUGINS", "defaults", "become_plugins", &[""], Plugins;
    "ANSIBLE_SSH_AGENT", "connection", "ssh_agent", OFF, Warn;
};

/// What to warn about.
///
/// # Errors
/// The first setting that cannot be left out.
pub(crate) fn check(config: &Config) -> Result<Vec<String>, Diagnostic> {
    let mut warnings = Vec::new();
    for entry in TABLE {
        let name = entry.setting.name;
        let Some((value, _)) = config.raw_of(&entry.setting) else { continue };
        if entry.harmless.contains(&value.trim().to_lowercase().as_str()) {
            continue;
        }
        // Values may be secrets: only names are shown.
        match entry.verdict {
            Verdict::Refuse => {
                return Err(Diagnostic::new(format!("the setting {name} is not supported by rustible."))
                    .help(format!("It is set by {} or {name} in ansible.cfg.", entry.setting.env[0]))
                    .of_kind(Kind::Options));
            }
            Verdict::Warn => warnings.push(format!("the setting {name} has no effect in rustible")),
            Verdict::Plugins => {
                warnings.extend(config.paths_of(&entry.setting).iter().filter_map(|dir| python(dir, name)));
            }
        }
    }
    Ok(warnings)
}

/// A warning when there is Python in the folder.
fn python(folder: &Path, name: &str) -> Option<String> {
    let is_python = |path: &Path| path.extension().is_some_and(|ending| ending == "py");
    let mut files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    // The emitter for job runners is built in.
    files
        .find(|path| is_python(path) && !path.ends_with("awx_display.py") && !path.ends_with("minimal.py"))?;
    Some(format!(
        "{name}: rustible does not load plugins in Python; those in {} are not used",
        folder.display()
    ))
}
