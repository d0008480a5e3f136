//! A string that knows where it was written, whether it may be templated, and whether it is secret.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use crate::value::Value;

/// Where something was written: a file (or a description such as `<extra vars>`), line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Path of the file as it was opened, or a description in angle brackets when there is no file.
    pub file: Arc<str>,
    /// Line, from 1; 0 when only the file is known.
    pub line: u32,
    /// Column in characters, from 1; 0 when only the line is known.
    pub col: u32,
    /// What stood there, where there are no lines to show.
    pub value: Option<Arc<str>>,
    /// What is said of the use of the value (see [`crate::deprecated`]).
    pub deprecated: Option<Box<Value>>,
}

impl Origin {
    /// A position in a file.
    #[must_use]
    pub fn new(file: &Arc<str>, line: u32, col: u32) -> Arc<Self> {
        Arc::new(Self { file: file.clone(), line, col, value: None, deprecated: None })
    }

    /// A value that stood in no file, and where it came from.
    #[must_use]
    pub fn of_value(from: &str, value: &str) -> Arc<Self> {
        Arc::new(Self { file: from.into(), line: 0, col: 0, value: Some(value.into()), deprecated: None })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.col) {
            (0, _) => write!(f, "{}", self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, col) => write!(f, "{}:{line}:{col}", self.file),
        }
    }
}

/// A string with its provenance. Equality, order and hash look at the characters alone.
#[derive(Clone)]
pub struct Text {
    text: Arc<str>,
    origin: Option<Arc<Origin>>,
    trusted: bool,
    secret: bool,
    sort: Sort,
}

/// What a text stands for. YAML and TOML have dates and YAML has bytes; outside of templates the language treats
/// them as the text they are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// A string.
    #[default]
    Plain,
    /// A date, as `2001-12-14`.
    Date,
    /// A date with a time and perhaps an offset, as `2001-12-14T21:59:43.100000-05:00`.
    Moment,
    /// A time of a day, as `21:59:43`.
    Time,
    /// Bytes that are UTF-8.
    Bytes,
    /// Bytes that are not; the text shows them, with `?` for what is none. What needs the bytes must refuse.
    Opaque,
}

impl Sort {
    /// Whether it stands for bytes.
    #[must_use]
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::Bytes | Self::Opaque)
    }
    /// Python's name of the type.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Plain => "str",
            Self::Date => "date",
            Self::Moment => "datetime",
            Self::Time => "time",
            Self::Bytes | Self::Opaque => "bytes",
        }
    }
}

impl Text {
    /// A text of the author's (playbook, inventory, variable file): it may be templated.
    #[must_use]
    pub fn trusted(text: impl Into<Arc<str>>, origin: Option<Arc<Origin>>) -> Self {
        Self { text: text.into(), origin, trusted: true, secret: false, sort: Sort::Plain }
    }

    /// A text that came from outside (fact, module result, lookup): it is never templated.
    #[must_use]
    pub fn untrusted(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), origin: None, trusted: false, secret: false, sort: Sort::Plain }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The characters, shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// Where it was written, when that is known.
    #[must_use]
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref().filter(|origin| origin.is_place())
    }

    /// Where it was written, and what is said of its use.
    #[must_use]
    pub fn provenance(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref()
    }

    /// Whether it may be templated.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Whether it came out of a vault or was marked secret, so that it may not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// The same text with another trust.
    #[must_use]
    pub fn with_trust(mut self, trusted: bool) -> Self {
        self.trusted = trusted;
        self
    }

    /// The same text, marked secret or not.
    #[must_use]
    pub fn with_secret(mut self, secret: bool) -> Self {
        self.secret = secret;
        self
    }

    /// The same text with another origin.
    #[must_use]
    pub fn with_origin(mut self, origin: Option<Arc<Origin>>) -> Self {
        self.origin = Origin::moved(self.origin.as_ref(), origin);
        self
    }

    /// What it stands for.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The same characters, standing for something else. They must be in that sort's form.
    #[must_use]
    pub fn with_sort(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Other characters with this text's provenance: a string.
    #[must_use]
    pub fn like(&self, text: impl Into<Arc<str>>) -> Self {
        let origin = Origin::without_note(self.origin.clone());
        Self { text: text.into(), sort: Sort::Plain, origin, ..*self }
    }

    /// Whether it could hold a template: trusted, and with an opening delimiter in it.
    #[must_use]
    pub fn may_be_template(&self) -> bool {
        self.trusted && ["{{", "{%", "{#"].iter().any(|open| self.text.contains(open))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}
impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.text
    }
}
impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.text
    }
}
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.text == other
    }
}
impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.text == *other
    }
}
impl Eq for Text {}
impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::untrusted(text)
    }
}
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::untrusted(text)
    }
}
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret { f.write_str("\"<secret>\"") } else { write!(f, "{:?}", &*self.text) }
    }
}
