//! Sources: files, directories, scripts and host lists, and which reader understands each.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fancy_regex::Regex;
use rustible_protocol::{Origin, Value};
use rustible_source::Diagnostic;

use crate::{
    address, ini,
    model::Inventory,
    outer::Parsed,
    plugin::{self, Evaluate},
    script,
    settings::{Decrypt, Settings},
    toml, yaml,
};

impl Inventory {
    /// Read sources, in order, into a new inventory. A source is a path or a text with a comma in it (a host list).
    /// What is wrong with a source is a warning (see [`Self::take_warnings`]) unless the settings say otherwise.
    ///
    /// # Errors
    /// A source that asks for a plugin that rustible does not have; unreadable sources where the settings forbid them.
    pub fn load(
        sources: &[String],
        settings: Settings,
        decrypt: Arc<Decrypt>,
        evaluate: Option<&dyn Evaluate>,
    ) -> Result<Self, Diagnostic> {
        let mut inventory = Self::empty(settings, decrypt);
        inventory.sources =
            sources.iter().filter(|source| !source.is_empty()).map(|source| absolute(source)).collect();
        let mut parsed = false;
        for source in inventory.sources.clone() {
            parsed |= inventory.read_source(&source, evaluate)?;
        }
        if parsed {
            inventory.reconcile()?;
        } else if inventory.settings.unparsed_is_failed {
            let text = "No inventory was parsed, please check your configuration and options.";
            return Err(Diagnostic::new(text));
        } else if inventory.settings.unparsed_warning {
            inventory.warn(Diagnostic::new("No inventory was parsed, only implicit localhost is available"));
        }
        inventory.add_told()?;
        Ok(inventory)
    }

    fn read_source(&mut self, source: &str, evaluate: Option<&dyn Evaluate>) -> Result<bool, Diagnostic> {
        let path = Path::new(source);
        if path.is_dir() {
            return if self.read_directory(path, evaluate)? { Ok(true) } else { self.unparsed(source) };
        }
        self.current_source = Some(source.to_string());
        let mut failures = Vec::new();
        for name in self.readers()? {
            let (name, result) = match self.read_outside(&name, source)? {
                Some(parsed) => (parsed.name, parsed.failure.map_or(Ok(()), Err)),
                None if self.has_outside(&name) || !self.wants(&name, source) => {
                    self.notes.push(format!(
                        "{name} declined parsing {source} as it did not pass its verify_file() method"
                    ));
                    continue;
                }
                None => {
                    let result = self.read_with(&name, source, evaluate);
                    (name, result)
                }
            };
            let place =
                Origin::new(&format!("<inventory plugin '{name}' with source '{source}'>").into(), 0, 0);
            match result {
                Ok(()) => {
                    self.notes.push(format!("Parsed {source} inventory source with {name} plugin"));
                    self.current_source = None;
                    return Ok(true);
                }
                Err(error) if error.kind == rustible_source::Kind::Options => return Err(error),
                // That reader of YAML tells no place in the file.
                Err(error) if plain(&name) == "yaml" => {
                    failures.push((name, Diagnostic::new(error.summary()).at(Some(&place))));
                }
                Err(error) => failures.push((name, error.at(Some(&place)))),
            }
        }
        self.current_source = None;
        if source == "/etc/ansible/hosts" && !path.exists() {
            return Ok(false);
        }
        for (name, error) in failures {
            let text = format!("Failed to parse inventory with '{name}' plugin.");
            self.warn(error.context(text, None).apart());
        }
        self.unparsed(source)
    }

    /// Nothing came of a source.
    fn unparsed(&self, source: &str) -> Result<bool, Diagnostic> {
        if self.settings.any_unparsed_is_failed {
            return Err(Diagnostic::new(format!("Completely failed to parse inventory source {source}")));
        }
        self.warn(Diagnostic::new(format!("Unable to parse {source} as an inventory source")));
        Ok(false)
    }

    /// The inventory plugins that are tried; names that mean none are left out with a warning.
    fn readers(&self) -> Result<Vec<String>, Diagnostic> {
        let known = |name: &&String| is_native(name) || self.has_outside(name);
        let (known, unknown): (Vec<&String>, Vec<&String>) = self.settings.enabled.iter().partition(known);
        for name in unknown {
            self.warn(Diagnostic::new(format!("Failed to load inventory plugin, skipping {name}")));
        }
        if known.is_empty() {
            let text = "No inventory plugins available to generate inventory, make sure you have at least one enabled.";
            return Err(Diagnostic::new(text));
        }
        Ok(known.into_iter().cloned().collect())
    }

    /// Whether an inventory plugin of that name comes from elsewhere.
    pub(crate) fn has_outside(&self, name: &str) -> bool {
        self.settings.outer.as_ref().is_some_and(|outer| outer.has_inventory(name, is_native(name)))
    }

    /// Let a plugin from elsewhere read the source; `None` when there is none, or the source is not for it.
    pub(crate) fn read_outside(&mut self, name: &str, source: &str) -> Result<Option<Parsed>, Diagnostic> {
        let Some(outer) = self.settings.outer.clone().filter(|_| self.has_outside(name)) else {
            return Ok(None);
        };
        let parsed = outer.inventory(name, source, self.state())?;
        if let Some(parsed) = &parsed {
            self.take_state(&parsed.state)?;
        }
        Ok(parsed)
    }

    fn read_directory(&mut self, dir: &Path, evaluate: Option<&dyn Evaluate>) -> Result<bool, Diagnostic> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        let mut parsed = false;
        for name in names {
            if !self.ignores(&name)? {
                parsed |= self.read_source(&dir.join(&name).to_string_lossy(), evaluate)?;
            }
        }
        Ok(parsed)
    }

    /// Whether a name in a directory is no source: hidden, variable folders, endings of backups and texts.
    fn ignores(&self, name: &str) -> Result<bool, Diagnostic> {
        if name.starts_with('.') || matches!(name, "host_vars" | "group_vars" | "vars_plugins") {
            return Ok(true);
        }
        if self.settings.ignore_extensions.iter().any(|end| name.ends_with(end.as_str())) {
            return Ok(true);
        }
        for pattern in &self.settings.ignore_patterns {
            let bad = |e| Diagnostic::new(format!("Invalid inventory ignore pattern '{pattern}': {e}"));
            if Regex::new(pattern).map_err(bad)?.is_match(name).unwrap_or(false) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a reader is for such a source at all.
    fn wants(&self, reader: &str, source: &str) -> bool {
        let path = Path::new(source);
        let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        match plain(reader) {
            "host_list" | "advanced_host_list" => !path.exists() && source.contains(','),
            "script" => script::is_executable(path),
            "auto" => path.exists() && matches!(extension.as_str(), ".yml" | ".yaml"),
            "yaml" => {
                path.exists() && (extension.is_empty() || self.settings.yaml_extensions.contains(&extension))
            }
            "ini" => path.exists() && extension != ".toml",
            "toml" => path.exists() && extension == ".toml",
            "constructed" | "generator" => {
                path.exists() && matches!(extension.as_str(), "" | ".yml" | ".yaml" | ".config")
            }
            _ => true,
        }
    }

    fn read_with(
        &mut self,
        reader: &str,
        source: &str,
        evaluate: Option<&dyn Evaluate>,
    ) -> Result<(), Diagnostic> {
        let path = PathBuf::from(source);
        match plain(reader) {
            "host_list" => self.host_list(source, false),
            "advanced_host_list" => self.host_list(source, true),
            "script" => script::read(self, &path),
            "yaml" => {
                let data = self.read_data(&path)?;
                yaml::read(self, &data)
            }
            "ini" => {
                let text = self.read_text(&path)?;
                ini::read(self, &path, &text)
            }
            "toml" => {
                let text = self.read_text(&path)?;
                toml::read(self, &path, &text)
            }
            "auto" => {
                let data = self.read_data(&path)?;
                let name = data.get("plugin").filter(|name| name.truthy()).and_then(Value::as_str);
                let Some(name) = name else {
                    return Err(Diagnostic::new(format!(
                        "no root 'plugin' key found, '{source}' is not a valid YAML inventory plugin config file"
                    )));
                };
                plugin::read(self, name, source, &data, evaluate)
            }
            name @ ("constructed" | "generator") => {
                let data = self.read_data(&path)?;
                plugin::read(self, name, source, &data, evaluate)
            }
            other => Err(plugin::unknown(other, source)),
        }
    }

    /// A name that is no address is a host's all the same.
    fn odd_address(&mut self, why: &str) {
        self.notes.push(format!("Unable to parse address from hostname, leaving unchanged: {why}"));
    }

    fn host_list(&mut self, text: &str, ranges: bool) -> Result<(), Diagnostic> {
        let ungrouped = self.ensure_group("ungrouped")?;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (hosts, port) = if ranges {
                match address::expand(part) {
                    Ok(named) => named,
                    Err(problem) if address::is_no_range(&problem) => {
                        self.odd_address(&problem.message);
                        (vec![part.to_string()], None)
                    }
                    Err(problem) => {
                        let text = problem.message;
                        return Err(Diagnostic::new(format!(
                            "Invalid data from string, could not parse: {text}"
                        )));
                    }
                }
            } else {
                let parsed = address::parse(part, false);
                if parsed.is_none() {
                    self.odd_address(&match address::parse(part, true) {
                        Some(_) => "Detected range in host but was asked to ignore ranges".to_string(),
                        None => format!("Not a valid network hostname: {part}"),
                    });
                }
                let (host, port) = parsed.unwrap_or((part, None));
                (vec![host.to_string()], port)
            };
            for host in hosts {
                if !self.hosts.contains_key(host.as_str()) {
                    self.ensure_host(&host, Some(ungrouped), port)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a reader of that name is rustible's own.
fn is_native(reader: &str) -> bool {
    const OWN: [&str; 9] = [
        "advanced_host_list",
        "auto",
        "constructed",
        "generator",
        "host_list",
        "ini",
        "script",
        "toml",
        "yaml",
    ];
    OWN.contains(&plain(reader))
}

/// A reader's short name.
fn plain(reader: &str) -> &str {
    reader.strip_prefix("ansible.builtin.").unwrap_or(reader)
}

/// A source with its path made absolute; host lists stay as they are.
fn absolute(source: &str) -> String {
    if source.contains(',') {
        return source.to_string();
    }
    let home = std::env::home_dir().unwrap_or_default();
    let path = source.strip_prefix("~/").map_or_else(|| PathBuf::from(source), |rest| home.join(rest));
    let path = std::path::absolute(&path).unwrap_or(path);
    let mut clean = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            clean.pop();
        } else {
            clean.push(part);
        }
    }
    clean.to_string_lossy().into_owned()
}
