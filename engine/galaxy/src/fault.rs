//! What goes wrong between this program and a server, in the words people know.

use std::{error::Error, io};

use reqwest::Url;
use rustible_protocol::{Dict, List, Value, json, repr};
use rustible_source::Diagnostic;

use crate::context::failed;

/// An answer that is none.
pub(crate) enum Refused {
    /// The server's status and the error.
    Status(u16, Diagnostic),
    /// No answer at all.
    Other(Diagnostic),
}

impl From<Refused> for Diagnostic {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Status(_, error) | Refused::Other(error) => error,
        }
    }
}

impl From<Diagnostic> for Refused {
    fn from(error: Diagnostic) -> Self {
        Self::Other(error)
    }
}

/// A collection's archive that did not come.
pub(crate) fn lost(source: &str, error: Diagnostic) -> Diagnostic {
    let text = format!("Failed to download collection tar from '{source}': {}", error.summary());
    Diagnostic::new(text).apart().because(error.apart())
}

/// Why no answer came.
pub(crate) fn cause(error: &reqwest::Error) -> Diagnostic {
    let mut at: &dyn Error = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    let text = at.to_string();
    if let Some(number) = at.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
        let end = text.find(" (os error").unwrap_or(text.len());
        return failed(format!("<urlopen error [Errno {number}] {}>", &text[..end]));
    }
    if let Some(reason) = text.strip_prefix("failed to lookup address information: ") {
        let number = if reason.starts_with("Temporary") { -3 } else { -2 };
        return failed(format!("<urlopen error [Errno {number}] {reason}>"));
    }
    if text.starts_with("connection closed before message completed") {
        return failed("Remote end closed connection without response");
    }
    if error.is_timeout() {
        return failed("The read operation timed out");
    }
    failed(text)
}

/// The error of a status, with what the server says of it.
pub(crate) fn refusal(status: u16, reason: Option<&str>, url: &Url, body: &str, lead: &str) -> Refused {
    let said = json::read(body).unwrap_or_default();
    let reason = reason.unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).filter(|v| v.truthy()).map(repr::str);
    let message = if url.path().split('/').any(|part| part == "v3") {
        let errors = said.get("errors").and_then(Value::as_list).filter(|list| !list.is_empty()).cloned();
        let errors = errors.unwrap_or_else(|| List::new(vec![Value::Dict(Dict::new())]));
        let each = errors.iter().map(|error| {
            let message =
                text(error, "detail").or_else(|| text(error, "title")).unwrap_or_else(|| reason.into());
            let code = text(error, "code").unwrap_or_else(|| "Unknown".into());
            format!("(HTTP Code: {status}, Message: {message} Code: {code})")
        });
        each.collect::<Vec<_>>().join(", ")
    } else {
        let message = text(&said, "default").unwrap_or_else(|| reason.into());
        format!("(HTTP Code: {status}, Message: {message})")
    };
    Refused::Status(status, failed(format!("{lead} {message}")))
}
