//! Characters above U+FFFF: libyaml escapes them (`"\U0001F600"`), its port writes them as they are. They are handed
//! to the writer as two characters that it escapes in the same number of columns, and put back afterwards.

use std::{cell::RefCell, collections::VecDeque};

use rustible_source::Diagnostic;

/// Stand-ins for the characters of one text, in the order they are written.
#[derive(Debug)]
pub(crate) struct Astral {
    hidden: String,
    written: String,
    queue: RefCell<VecDeque<char>>,
}

impl Astral {
    /// Whether a text has such characters.
    pub(crate) fn is_needed(text: &str) -> bool {
        text.chars().any(|c| c > '\u{ffff}')
    }

    /// A stand-in that none of the texts has.
    ///
    /// # Errors
    /// When the texts have all of them.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Result<Self, Diagnostic> {
        let pairs = ['\u{fffe}', '\u{ffff}', '\u{feff}']
            .into_iter()
            .flat_map(|a| ('\u{80}'..='\u{84}').map(move |b| (a, b)));
        for (a, b) in pairs {
            let hidden = format!("{a}{b}");
            let written = format!("\\u{:04X}\\x{:02X}", u32::from(a), u32::from(b));
            if !texts.clone().any(|text| text.contains(&hidden) || text.contains(&written)) {
                return Ok(Self { hidden, written, queue: RefCell::default() });
            }
        }
        Err(Diagnostic::new("cannot be written as YAML: too many unusual characters"))
    }

    /// The text with stand-ins. Must be called in the order of writing.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if c > '\u{ffff}' {
                self.queue.borrow_mut().push_back(c);
                out.push_str(&self.hidden);
            } else {
                out.push(c);
            }
        }
        out
    }

    /// The written text with the characters in libyaml's form.
    pub(crate) fn restore(&self, text: &str) -> String {
        let mut queue = self.queue.borrow_mut();
        let mut parts = text.split(self.written.as_str());
        let mut out = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let c = queue.pop_front().map(u32::from).unwrap_or_default();
            out.push_str(&format!("\\U{c:08X}{part}"));
        }
        out
    }
}
