//! Text of several lines as block scalars, the way results are shown to people.

/// How text of several lines is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocks {
    /// Like any other text.
    #[default]
    Never,
    /// As a block where YAML allows that.
    Exact,
    /// As a block; what YAML does not allow in one (tabs, blanks at line ends, control characters) is changed.
    Lossy,
}

const BREAKS: [char; 4] = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];

/// The text and whether it is a block.
pub(crate) fn shape(text: &str, blocks: Blocks) -> (String, bool) {
    if blocks == Blocks::Never || !text.contains(BREAKS) {
        return (text.to_string(), false);
    }
    (if blocks == Blocks::Lossy { readable(text) } else { text.to_string() }, true)
}

/// The text with everything changed that a block cannot hold.
fn readable(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    let allowed = |c: char| {
        matches!(c, '\n' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
            && c != '\u{feff}'
    };
    let spaced = without_tabs(text.trim_end_matches(blank));
    let kept: String = spaced.chars().filter(|c| allowed(*c)).collect();
    let mut out = String::with_capacity(kept.len());
    for c in kept.chars() {
        if BREAKS.contains(&c) {
            out.truncate(out.trim_end_matches(' ').len());
        }
        out.push(c);
    }
    out
}

/// Tabs as blanks up to the next multiple of eight columns.
fn without_tabs(text: &str) -> String {
    let (mut out, mut column) = (String::with_capacity(text.len()), 0);
    for c in text.chars() {
        match c {
            '\t' => {
                let width = 8 - column % 8;
                out.push_str(&" ".repeat(width));
                column += width;
            }
            '\n' | '\r' => {
                column = 0;
                out.push(c);
            }
            _ => {
                column += 1;
                out.push(c);
            }
        }
    }
    out
}
