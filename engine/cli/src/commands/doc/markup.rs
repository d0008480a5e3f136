//! The marks in documentation, as a terminal shows them.

/// Whether there are colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Letters can be bold and underlined.
    pub(super) styled: bool,
}

impl Look {
    /// Bold letters where there are some.
    pub(super) fn bold(self, text: &str) -> String {
        if self.styled { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() }
    }
    /// Underlined letters, or quotes in their place.
    pub(super) fn underlined(self, text: &str) -> String {
        if self.styled { format!("\u{1b}[4m{text}\u{1b}[0m") } else { format!("`{text}`") }
    }
    fn strong(self, text: &str) -> String {
        if self.styled { self.bold(text) } else { format!("*{text}*") }
    }
    fn bracketed(self, text: &str) -> String {
        if self.styled { text.to_string() } else { format!("[{text}]") }
    }

    /// A text with its marks shown.
    pub(super) fn shown(self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            let word = before.is_some_and(|c: char| c.is_alphanumeric() || c == '_');
            if !word && let Some((shown, behind)) = self.mark(rest) {
                out.push_str(&shown);
                before = shown.chars().last();
                rest = behind;
                continue;
            }
            out.push(c);
            before = Some(c);
            rest = &rest[c.len_utf8()..];
        }
        roles(&out)
    }

    fn mark(self, text: &str) -> Option<(String, &str)> {
        if let Some(behind) = text.strip_prefix("HORIZONTALLINE")
            && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            return Some((format!("\n{}\n", "-".repeat(13)), behind));
        }
        let (name, inner) = text.split_once('(')?;
        if !matches!(name, "I" | "B" | "M" | "U" | "L" | "R" | "C" | "O" | "V" | "E" | "RV" | "P") {
            return None;
        }
        if matches!(name, "O" | "V" | "E" | "RV" | "P") {
            let (inner, behind) = escaped(inner)?;
            let shown = match name {
                "P" => format!("[{}]", self.bracketed(inner.split_once('#')?.0)),
                "O" | "RV" => option(&inner),
                _ => format!("`{inner}'"),
            };
            return Some((shown, behind));
        }
        let (inner, behind) = inner.split_once(')')?;
        let two = || inner.split_once(',').map(|(a, b)| (a.trim(), b.trim()));
        let shown = match name {
            "I" => self.underlined(inner),
            "B" => self.strong(inner),
            "M" => self.bracketed(inner),
            "U" => inner.to_string(),
            "L" => two().map(|(text, link)| format!("{text} <{link}>"))?,
            "R" => two()?.0.to_string(),
            _ => format!("`{inner}'"),
        };
        Some((shown, behind))
    }
}

/// The text up to the closing bracket, where one behind a backslash does not count.
fn escaped(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ')' => return Some((out, &text[at + 1..])),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

/// An option or a returned value, with the plugin that it is one of.
fn option(text: &str) -> String {
    if let Some(own) = text.strip_prefix("ignore:") {
        return format!("`{own}'");
    }
    let Some(((plugin, kind), rest)) =
        text.split_once(':').and_then(|(head, rest)| Some((head.split_once('#')?, rest)))
    else {
        return format!("`{text}'");
    };
    if kind == "role"
        && let Some((entry, rest)) = rest.split_once(':')
    {
        return format!("`{rest}' (of role {plugin}, {entry} entrypoint)");
    }
    let what = if matches!(kind, "module" | "role") { kind.to_string() } else { format!("{kind} plugin") };
    format!("`{rest}' (of {what} {plugin})")
}

/// Without the roles of reStructuredText, whose words stand in backticks.
fn roles(text: &str) -> String {
    let mut parts = text.split(":`");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let name = out.len() - out.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let start = out.len() - name;
        match out[..start].strip_suffix(':') {
            Some(before) if name > 0 => out.truncate(before.len()),
            _ => out.push(':'),
        }
        out.push('`');
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_shown_with_letters_or_with_quotes() {
        let plain = Look { styled: false };
        let styled = Look { styled: true };
        assert_eq!(plain.shown("I(a) B(b) M(c.d.e) x C(f)"), "`a` *b* [c.d.e] x `f'");
        assert_eq!(styled.shown("B(b) M(c.d.e)"), "\u{1b}[1mb\u{1b}[0m c.d.e");
        assert_eq!(plain.shown("L(t,u) R(t, u) U(u)"), "t <u> t u");
        assert_eq!(
            plain.shown("O(a.b.c#lookup:x=1\\)) RV(y) P(a.b.c#filter)"),
            "`x=1)' (of lookup plugin a.b.c) `y' [[a.b.c]]"
        );
        assert_eq!(plain.shown("AM(x) :ref:`y` a:`b`"), "AM(x) `y` a:`b`");
    }
}
