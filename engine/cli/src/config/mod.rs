//! Settings: built-in default, then `ansible.cfg`, then the environment. The command line wins over all of them elsewhere.

#[cfg(test)]
mod any_input;
pub(crate) mod deprecated;
pub(crate) mod dotenv;
mod ini;
mod rights;
pub(crate) mod support;
mod table;
pub(crate) mod value;

use std::{
    collections::BTreeMap,
    env,
    fs::DirBuilder,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustible_source::{Diagnostic, Kind};

pub(crate) use rights::{FOLDER, KEY, KEY_PASSPHRASE, RIGHTS, Rights};
pub(crate) use table::{SETTINGS, Setting};

/// The settings in force.
#[derive(Debug, Default, Clone)]
pub(crate) struct Config {
    /// The file in use.
    pub(crate) file: Option<PathBuf>,
    values: BTreeMap<(String, String), String>,
    /// What to warn about.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Find and read the file.
    pub(crate) fn load() -> Result<Self, Diagnostic> {
        let mut config = Self::default();
        let config = match config.find() {
            Some(file) => config.read(file)?,
            None => config,
        };
        config.local_temp();
        Ok(config)
    }

    /// That file and no other.
    pub(crate) fn of(file: &Path) -> Result<Self, Diagnostic> {
        Self::default().read(PathBuf::from(file))
    }

    fn read(mut self, file: PathBuf) -> Result<Self, Diagnostic> {
        written_as_ini(&file)?;
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Diagnostic::new(format!("Error reading config file ({}): {error}", file.display()))
        })?;
        self.values = ini::parse(&file, &text)?;
        self.file = Some(std::path::absolute(&file).unwrap_or(file));
        Ok(self)
    }

    /// The environment variable that a setting's value comes from.
    pub(crate) fn variable(&self, setting: &Setting) -> Option<&'static str> {
        setting.env.iter().find(|variable| env::var(variable).is_ok()).copied()
    }

    fn find(&mut self) -> Option<PathBuf> {
        if let Ok(named) = env::var("ANSIBLE_CONFIG") {
            let path = PathBuf::from(expand(&named));
            let path = if path.is_dir() { path.join("ansible.cfg") } else { path };
            if path.is_file() {
                return Some(path);
            }
        }
        let here = PathBuf::from("ansible.cfg");
        if here.is_file() {
            let open = std::fs::metadata(".").is_ok_and(|meta| meta.mode() & 0o002 != 0);
            if !open {
                return Some(here);
            }
            self.warnings.push(format!(
                "Ansible is being run in a world writable directory ({}), ignoring it as an ansible.cfg source.",
                env::current_dir().unwrap_or_default().display()
            ));
        }
        let home = env::var("HOME").map(|home| PathBuf::from(home).join(".ansible.cfg"));
        home.into_iter().chain([PathBuf::from("/etc/ansible/ansible.cfg")]).find(|path| path.is_file())
    }

    fn setting(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// A setting's text and where it comes from.
    pub(crate) fn raw(&self, name: &str) -> Option<(String, Origin)> {
        self.raw_of(Self::setting(name)?)
    }

    /// What the file says of a key, whether a setting goes by it or not.
    pub(crate) fn entry(&self, section: &str, key: &str) -> Option<String> {
        self.values.get(&(section.to_string(), key.to_lowercase())).cloned()
    }

    /// The sections of the file.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.values.keys().map(|(section, _)| section.as_str()).filter(move |section| {
            let new = last != Some(*section);
            last = Some(*section);
            new
        })
    }

    /// The keys of a section of the file, in lower case.
    pub(crate) fn keys<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.keys().filter(move |(of, _)| of == section).map(|(_, key)| key.as_str())
    }

    /// The same, of a setting that is in no table.
    pub(crate) fn raw_of(&self, setting: &Setting) -> Option<(String, Origin)> {
        for variable in setting.env {
            if let Ok(value) = env::var(variable) {
                return Some((value, Origin::Environment));
            }
        }
        for (section, key) in setting.ini {
            if let Some(value) = self.values.get(&((*section).to_string(), key.to_lowercase())) {
                return Some((value.clone(), Origin::File));
            }
        }
        None
    }

    /// A setting as text, its default when nobody set it; empty text is nothing.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.text_of(Self::setting(name)?)
    }

    /// A setting as a boolean.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let text = self.text(name).unwrap_or_default();
        matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t")
    }

    /// A setting as a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Diagnostic> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text
            .trim()
            .parse()
            .map_err(|_| {
                let found = Self::setting(name).and_then(|s| self.raw(name).map(|(_, origin)| (s, origin)));
                let place = found.map(|(setting, origin)| value::place(self, setting, origin));
                Diagnostic::new(format!(
                    "Config '{name}' from '{}' has an invalid value: Invalid value provided for 'integer': '{text}'",
                    place.unwrap_or_default()
                ))
            })?;
        Ok(Some(number))
    }

    /// A setting as a list of texts between commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect()
    }

    /// The folder for files that live as long as a command, made when it is not there: for its owner alone.
    pub(crate) fn local_temp(&self) -> PathBuf {
        let folder = self.paths("DEFAULT_LOCAL_TMP").into_iter().next().unwrap_or_else(env::temp_dir);
        // Who needs it hears of a failure when using it.
        drop(DirBuilder::new().recursive(true).mode(0o700).create(&folder));
        folder
    }

    /// A setting as paths between colons, relative to the file when they come from it.
    pub(crate) fn paths(&self, name: &str) -> Vec<PathBuf> {
        Self::setting(name).map(|setting| self.paths_of(setting)).unwrap_or_default()
    }

    /// The folder that stands for a playbook's where there is none: the one given, else the configured one.
    pub(crate) fn playbook_dir(&self, given: Option<&Path>) -> Option<PathBuf> {
        given.map(Path::to_path_buf).or_else(|| self.paths("PLAYBOOK_DIR").into_iter().next())
    }

    fn paths_of(&self, setting: &Setting) -> Vec<PathBuf> {
        let (text, origin) = match self.raw_of(setting) {
            Some((text, origin)) if !text.is_empty() => (text, Some(origin)),
            _ => (setting.default.to_string(), None),
        };
        let base = match (&self.file, origin) {
            (Some(file), Some(Origin::File)) => file.parent().map(Path::to_path_buf),
            _ => None,
        };
        let base = base.or_else(|| env::current_dir().ok()).unwrap_or_default();
        let parts = text.split(if setting.name == "DEFAULT_HOST_LIST" { ',' } else { ':' });
        parts
            .filter(|part| !part.trim().is_empty())
            .map(|part| rustible_source::normal(&base.join(expand(part.trim()))))
            .collect()
    }
}

/// The form of a file of settings goes by the ending of its name.
fn written_as_ini(file: &Path) -> Result<(), Diagnostic> {
    let ending = file.extension().map(|ending| ending.to_string_lossy().into_owned());
    let shown = rustible_source::normal(&std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()));
    let text = match ending.as_deref() {
        Some("cfg" | "ini") => return Ok(()),
        Some("yaml" | "yml") => "Unsupported configuration file type: yaml".to_string(),
        other => {
            let ending = other.map(|ending| format!(".{ending}")).unwrap_or_default();
            format!("Unsupported configuration file extension for {}: {ending}", shown.display())
                .trim_end()
                .to_string()
        }
    };
    Err(Diagnostic::new(text).of_kind(Kind::Options))
}

/// Where a setting's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The file.
    File,
    /// An environment variable.
    Environment,
}

/// `~`, `$VAR` and `{{CWD}}`.
pub(crate) fn expand(text: &str) -> String {
    let here = env::current_dir().unwrap_or_default().display().to_string();
    let text = text.replace("{{CWD}}", &here);
    let text = match (text.strip_prefix('~'), env::var("HOME")) {
        (Some(rest), Ok(home)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => text,
    };
    dotenv::variables(&text, true)
}
