//! Keywords settled: rendered and turned into what they must be.

use rustible_playbook::Frame;
use rustible_protocol::{Value, json};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};

/// A boolean in any of the spellings that the language has.
#[must_use]
pub fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(1) => Some(true),
        Value::Int(0) => Some(false),
        Value::Float(f) if *f == 1.0 => Some(true),
        Value::Float(f) if *f == 0.0 => Some(false),
        Value::Str(text) => match text.trim().to_lowercase().as_str() {
            "yes" | "on" | "true" | "y" | "t" | "1" | "1.0" => Some(true),
            "no" | "off" | "false" | "n" | "f" | "0" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Reads keywords of a frame through a templar.
pub(crate) struct Keywords<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) templar: &'a Templar,
}

impl Keywords<'_> {
    /// The rendered value; `None` when it is not set, null or `omit`.
    pub(crate) fn value(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
        let mut frame = Some(self.frame);
        while let Some(here) = frame {
            let Some(written) = here.get(name) else { return Ok(None) };
            match self.templar.render(written) {
                Ok(Rendered::Value(Value::Null)) => return Ok(None),
                Ok(Rendered::Value(value)) => return Ok(Some(value)),
                // As if it were not written there: what is around counts.
                Ok(Rendered::Omit) => frame = here.around(name),
                Err(error) => return Err(wrap(name, written, error)),
            }
        }
        Ok(None)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Diagnostic> {
        let value = self.value(name)?;
        self.convert(name, value, "bool", |value| match value {
            // Anything true or false stands for itself where a template gave it.
            Value::Str(_) => to_bool(value),
            other => to_bool(other).or(Some(other.truthy())),
        })
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Diagnostic> {
        let value = self.value(name)?;
        self.convert(name, value, "int", |value| match value {
            Value::Int(n) => Some(*n),
            Value::Bool(b) => Some(i64::from(*b)),
            #[expect(clippy::cast_possible_truncation, reason = "int() of Python cuts off as well")]
            Value::Float(f) if f.is_finite() => Some(*f as i64),
            Value::Str(text) => text.trim().replace('_', "").parse().ok(),
            _ => None,
        })
    }

    /// A number, with or without a percent sign.
    pub(crate) fn percent(&self, name: &str) -> Result<Option<f64>, Diagnostic> {
        let value = self.value(name)?;
        self.convert(name, value, "percent", |value| match value {
            Value::Str(text) => text.replace('%', "").trim().parse().ok(),
            other => other.number_as_f64(),
        })
    }

    pub(crate) fn float(&self, name: &str) -> Result<Option<f64>, Diagnostic> {
        let value = self.value(name)?;
        self.convert(name, value, "float", |value| match value {
            Value::Str(text) => text.trim().parse().ok(),
            other => other.number_as_f64(),
        })
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        let value = self.value(name)?;
        self.convert(name, value, "str", |value| match value {
            Value::Str(text) => Some(text.to_string()),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Big(_) => Some(json::key_text(value)),
            _ => None,
        })
    }

    /// A list of texts; one text is its parts between commas.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Diagnostic> {
        Ok(match self.value(name)? {
            None => Vec::new(),
            Some(Value::List(list)) => list.iter().map(rustible_protocol::repr::str).collect(),
            Some(Value::Str(text)) => {
                text.split(',').map(|t| t.trim().to_string()).filter(|t| !t.is_empty()).collect()
            }
            Some(other) => vec![rustible_protocol::repr::str(&other)],
        })
    }

    fn convert<T>(
        &self,
        name: &str,
        value: Option<Value>,
        kind: &str,
        convert: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Diagnostic> {
        let Some(value) = value else { return Ok(None) };
        if let Some(converted) = convert(&value) {
            return Ok(Some(converted));
        }
        let written = self.frame.get(name);
        let at = written.and_then(Value::origin).or(self.frame.origin.as_ref());
        let message = format!("The value {} could not be converted to '{kind}'.", repr(&value));
        let cause = Diagnostic { apart: true, ..Diagnostic::new(message).at(at) };
        Err(cause.context(processing(name), at))
    }
}

fn wrap(name: &str, written: &Value, error: Diagnostic) -> Diagnostic {
    let at = written.origin().cloned().or_else(|| error.origin.clone());
    merged(error, at.as_ref()).context(processing(name), at.as_ref())
}

/// What an error about a keyword begins with; `async` goes by the name that results have for it.
pub(crate) fn processing(name: &str) -> String {
    format!("Error processing keyword '{}'", if name == "async" { "async_val" } else { name })
}

/// An error whose place is that of what is around it loses the place, so that both are shown as one.
pub(crate) fn merged(
    mut error: Diagnostic,
    at: Option<&std::sync::Arc<rustible_protocol::Origin>>,
) -> Diagnostic {
    if error.help.is_none() && (error.origin.as_ref() == at || error.origin.is_none()) {
        error.origin = None;
    }
    error
}

/// A value as text for names and labels.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        other => json::key_text(other),
    }
}

/// A value the way Python writes it in messages.
pub(crate) fn repr(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("'{text}'"),
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => json::write(other, json::Style::default()),
    }
}
