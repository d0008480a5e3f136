//! A setting's value in force and where it comes from: a variable, the command line, the environment, the file, the default.

use std::{env, path::Path};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::{Diagnostic, Kind};

use super::{convert, settings, sources, text};
use crate::config::Config;

/// What is asked for.
pub(crate) struct Asked<'a> {
    /// The file in force.
    pub(crate) config: &'a Config,
    /// The setting's name.
    pub(crate) name: &'a str,
    /// Its definition.
    pub(crate) definition: &'a Dict,
    /// The plugin whose option it is: kind and name.
    pub(crate) plugin: Option<(&'a str, &'a str)>,
    /// The variables there are.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<Value>,
    /// What the command line says, by the names of its options.
    pub(crate) options: &'a Dict,
}

/// Why there is no value.
pub(crate) enum Failure {
    /// It has to be set and is not.
    Required(Diagnostic),
    /// It is set to something that it cannot be.
    Value(Diagnostic),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Required(error) | Failure::Value(error) => error,
        }
    }
}

/// A value and where it comes from.
type Settled = (Value, Option<String>);

impl Asked<'_> {
    /// How messages call it.
    pub(crate) fn label(&self) -> String {
        match self.plugin {
            Some((kind, plugin)) => format!("'{}' for '{plugin}' {kind} plugin", self.name),
            None => format!("'{}'", self.name),
        }
    }

    /// The value in force.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn settle(&self) -> Result<Settled, Failure> {
        let required = self.definition.get("required").is_some_and(Value::truthy);
        let found = self.found();
        let (value, origin) = match found {
            Some((value, origin)) => (value, Some(origin)),
            None if required
                && self.plugin.is_some_and(|(kind, _)| kind == "lookup")
                && self.name == "_terms" =>
            {
                (Value::Null, None)
            }
            None if required => {
                let text = format!("Required config {} not provided.", self.label());
                return Err(Failure::Required(Diagnostic::new(text).of_kind(Kind::Options)));
            }
            None => (self.default(), Some("default".to_string())),
        };
        let (value, origin) = self.typed(value, origin).map_err(Failure::Value)?;
        self.chosen(&value).map_err(Failure::Value)?;
        Ok((value, origin))
    }

    fn found(&self) -> Option<(Value, String)> {
        // Of several that are set the last one wins.
        let named = |place: &str, value: &dyn Fn(&str) -> Option<Value>| {
            let names = sources(self.definition, place).filter_map(|entry| text(entry, "name"));
            names.filter_map(|name| Some((value(name).filter(|v| !v.is_null())?, name.to_string()))).last()
        };
        let told = |found: Option<(Value, String)>, what: &str| {
            found.map(|(value, name)| (value, format!("{what}: {name}")))
        };
        told(named("vars", self.variable), "var")
            .or_else(|| told(named("cli", &|name| self.options.get(name).cloned()), "cli"))
            .or_else(|| told(named("env", &|name| env::var(name).ok().map(Value::from)), "env"))
            .or_else(|| self.of_file())
    }

    fn of_file(&self) -> Option<(Value, String)> {
        let file = self.config.file.as_ref()?;
        let values = sources(self.definition, "ini").filter_map(|entry| {
            self.config.entry(text(entry, "section").unwrap_or("defaults"), text(entry, "key")?)
        });
        values.last().map(|value| (Value::from(value), file.display().to_string()))
    }

    /// What it is when nobody set it.
    pub(crate) fn default(&self) -> Value {
        let default = self.definition.get("default").cloned().unwrap_or_default();
        default.as_str().and_then(|text| self.templated(text)).unwrap_or(default)
    }

    /// A default that stands below the folder for everything.
    fn templated(&self, text: &str) -> Option<Value> {
        let inner = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
        let rest = inner.strip_prefix("ANSIBLE_HOME")?.trim();
        let rest = match rest.strip_prefix('~') {
            Some(rest) => convert::unquoted(rest.trim()),
            None if rest.is_empty() => rest,
            None => return None,
        };
        let definition = settings().get("ANSIBLE_HOME").and_then(Value::as_dict)?;
        let home = Asked { name: "ANSIBLE_HOME", definition, plugin: None, ..*self };
        let (home, _) = home.settle().ok()?;
        Some(Value::from(format!("{}{rest}", repr::str(&home))))
    }

    fn typed(&self, value: Value, origin: Option<String>) -> Result<Settled, Diagnostic> {
        let kind = text(self.definition, "type");
        let file = origin.as_deref().map(Path::new).filter(|origin| origin.is_absolute() && origin.exists());
        let empty = origin.as_deref().is_some_and(|o| o.starts_with("env:")) && value.as_str() == Some("");
        match convert::convert(value, kind, file) {
            Ok(Value::Str(text)) if file.is_some() => {
                Ok((Value::str(convert::unquoted(text.as_str())), origin))
            }
            Ok(value) => Ok((value, origin)),
            // An empty variable says nothing where it cannot say anything.
            Err(_) if empty => Ok((
                convert::convert(self.default(), kind, None).map_err(Diagnostic::new)?,
                Some("default".into()),
            )),
            Err(cause) => {
                let from = origin.unwrap_or_default();
                let text = format!("Config {} from '{from}' has an invalid value.", self.label());
                Err(Diagnostic::new(text).because(Diagnostic::new(cause)).of_kind(Kind::Options))
            }
        }
    }

    fn chosen(&self, value: &Value) -> Result<(), Diagnostic> {
        let Some(choices) = self.definition.get("choices").filter(|choices| !choices.is_null()) else {
            return Ok(());
        };
        let known: Vec<Value> = match choices {
            Value::List(choices) => choices.iter().cloned().collect(),
            Value::Dict(choices) => choices.keys().cloned().collect(),
            other => vec![other.clone()],
        };
        let fits = match value {
            Value::Null => true,
            Value::List(items) if text(self.definition, "type") == Some("list") => {
                items.iter().all(|item| known.contains(item))
            }
            other => known.contains(other),
        };
        if fits {
            return Ok(());
        }
        let text = format!("Invalid value {} for config {}.", repr::repr(value), self.label());
        let all: Vec<String> = known.iter().map(repr::str).collect();
        Err(Diagnostic::new(text)
            .help(format!("Valid values are: {}", all.join(", ")))
            .of_kind(Kind::Options))
    }
}
