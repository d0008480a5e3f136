//! Why a text is no template, in Jinja2's words: what its lexer does not take, and blocks that do not fit.
//!
//! The parser has refused the text already; this walks over it once more, as Jinja2 reads it, up to that place.

use crate::options::FileOptions;

/// What ends the walk before the text's end.
enum Stop {
    /// The parser's own complaint is about something before this.
    Late,
    /// What is wrong.
    Wrong(String),
}

type Walked<T> = Result<T, Stop>;

fn wrong<T>(message: impl Into<String>) -> Walked<T> {
    Err(Stop::Wrong(message.into()))
}

/// What is wrong at or before the byte `until` (nothing: the text ends too early), when it is one of the things told here.
pub(crate) fn template(source: &str, file: &FileOptions, until: Option<usize>) -> Option<String> {
    let mut walk = Walk::new(source, until.unwrap_or(source.len()));
    match walk.text(file) {
        Err(Stop::Wrong(message)) => Some(message),
        Err(Stop::Late) => None,
        Ok(()) => (until.is_none() && !walk.open.is_empty()).then(|| walk.unfit(None)),
    }
}

/// What is said of the first tag of an extension that is not on.
pub(crate) fn refused(source: &str, file: &FileOptions, tag: &str) -> String {
    let mut walk = Walk { refused: Some(tag), ..Walk::new(source, source.len()) };
    match walk.text(file) {
        Err(Stop::Wrong(message)) => message,
        _ => format!("Encountered unknown tag '{tag}'."),
    }
}

/// As [`template`], for a bare expression.
pub(crate) fn expression(source: &str, until: usize) -> Option<String> {
    let mut walk = Walk::new(source, until);
    match walk.tokens("") {
        Err(Stop::Wrong(message)) => Some(message),
        _ => None,
    }
}

struct Walk<'s> {
    source: &'s str,
    at: usize,
    until: usize,
    /// Blocks that are not closed: their names, and the tags that may come next.
    open: Vec<(&'s str, &'static [&'static str])>,
    /// A tag that is known and may not be used.
    refused: Option<&'s str>,
}

impl<'s> Walk<'s> {
    fn new(source: &'s str, until: usize) -> Self {
        Self { source, at: 0, until, open: Vec::new(), refused: None }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn text(&mut self, file: &FileOptions) -> Walked<()> {
        loop {
            let begins = [&file.comment.0, &file.block.0, &file.variable.0];
            let found = begins.map(|open| self.rest().find(open.as_str()));
            let Some((at, which)) = (0..3).filter_map(|i| found[i].map(|at| (at, i))).min() else {
                return Ok(());
            };
            self.at += at + begins[which].len();
            if self.at > self.until + begins[which].len() {
                return Err(Stop::Late);
            }
            match which {
                0 => match self.rest().find(file.comment.1.as_str()) {
                    Some(end) => self.at += end + file.comment.1.len(),
                    None => return wrong("Missing end of comment tag"),
                },
                1 => self.block(file)?,
                _ => {
                    let begun = self.at;
                    if self.tokens(&file.variable.1)? == 0 && begun <= self.until {
                        return wrong("Expected an expression, got 'end of print statement'");
                    }
                }
            }
        }
    }

    /// A statement, from behind its opening on.
    fn block(&mut self, file: &FileOptions) -> Walked<()> {
        let close = file.block.1.as_str();
        let word = self.rest().trim_start_matches(['-', '+']).trim_start();
        let name = &word[..word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len())];
        if name == "raw" {
            let end = self.rest().find("endraw").filter(|_| self.rest().contains(close));
            let Some(end) = end else { return wrong("Missing end of raw directive") };
            self.at += end;
            self.at += self.rest().find(close).map_or(0, |end| end + close.len());
            return Ok(());
        }
        let begun = self.at;
        // A tag that does not fit is told of before what stands in it.
        let assigns = word.split(close).next().is_some_and(|tag| tag.contains('='));
        self.nest(name, assigns)?;
        let count = self.tokens(close)?;
        let nothing = count == 1 && begun <= self.until && self.at >= self.until;
        match name {
            "" if count == 0 => wrong("tag name expected"),
            "include" | "extends" | "import" | "from" if nothing => {
                wrong("unexpected 'end of statement block'")
            }
            "if" | "elif" | "for" | "set" if nothing => {
                wrong("Expected an expression, got 'end of statement block'")
            }
            _ => Ok(()),
        }
    }

    /// What a tag opens or closes.
    fn nest(&mut self, name: &'s str, assigns: bool) -> Walked<()> {
        let next: &'static [&'static str] = match name {
            "if" => &["elif", "else", "endif"],
            "for" => &["endfor", "else"],
            "block" => &["endblock"],
            "macro" => &["endmacro"],
            "call" => &["endcall"],
            "filter" => &["endfilter"],
            "with" => &["endwith"],
            "autoescape" => &["endautoescape"],
            _ if self.refused == Some(name) => return wrong(self.unfit(Some(name))),
            "set" if !assigns => &["endset"],
            "" | "set" | "include" | "import" | "from" | "extends" | "print" | "do" | "break"
            | "continue" => {
                return Ok(());
            }
            _ => {
                return match self.open.last_mut() {
                    Some((_, wanted)) if wanted.contains(&name) => {
                        match name {
                            "elif" => {}
                            "else" if wanted.contains(&"endif") => *wanted = &["endif"],
                            "else" => *wanted = &["endfor"],
                            _ => drop(self.open.pop()),
                        }
                        Ok(())
                    }
                    _ if self.at > self.until => Err(Stop::Late),
                    _ => wrong(self.unfit(Some(name))),
                };
            }
        };
        self.open.push((name, next));
        Ok(())
    }

    /// A tag, or the end of the text, that does not fit the open blocks.
    fn unfit(&self, tag: Option<&str>) -> String {
        let mut out = match tag {
            Some(tag) => format!("Encountered unknown tag '{tag}'."),
            None => "Unexpected end of template.".into(),
        };
        if let Some((block, wanted)) = self.open.last() {
            let expected = tag.is_some_and(|tag| self.open.iter().any(|(_, next)| next.contains(&tag)));
            out.push_str(if expected {
                " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "
            } else {
                " Jinja was looking for the following tags: "
            });
            let wanted: Vec<String> = wanted.iter().map(|tag| format!("'{tag}'")).collect();
            out.push_str(&format!(
                "{}. The innermost block that needs to be closed is '{block}'.",
                wanted.join(" or ")
            ));
        }
        out
    }

    /// The tokens of a tag up to and over its end; how many there are.
    fn tokens(&mut self, close: &str) -> Walked<usize> {
        let mut brackets = Vec::new();
        let mut count = 0;
        loop {
            let blank = self.rest().len() - self.rest().trim_start().len();
            self.at += blank;
            let rest = self.rest();
            let signed = rest.trim_start_matches(['-', '+']);
            if brackets.is_empty()
                && !close.is_empty()
                && (rest.len() - signed.len()) < 2
                && signed.starts_with(close)
            {
                self.at = self.source.len() - signed.len() + close.len();
                return Ok(count);
            }
            let Some(c) = rest.chars().next() else {
                return if close.is_empty() { Ok(count) } else { Err(Stop::Late) };
            };
            if self.at > self.until {
                return Err(Stop::Late);
            }
            count += 1;
            self.at += match c {
                '\'' | '"' => match string(rest) {
                    Some(len) => len,
                    None => return self.character(c),
                },
                '(' | '[' | '{' => {
                    brackets.push(match c {
                        '(' => ')',
                        '[' => ']',
                        _ => '}',
                    });
                    1
                }
                ')' | ']' | '}' => match brackets.pop() {
                    Some(wanted) if wanted == c => 1,
                    Some(wanted) => return wrong(format!("unexpected '{c}', expected '{wanted}'")),
                    None => return wrong(format!("unexpected '{c}'")),
                },
                '!' if rest.starts_with("!=") => 2,
                '+' | '-' | '/' | '*' | '%' | '~' | '=' | '>' | '<' | '.' | ':' | '|' | ',' | ';' => 1,
                c if c.is_alphanumeric() || c == '_' => {
                    rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
                }
                c => return self.character(c),
            };
        }
    }

    /// A character that starts nothing. Its place is counted in characters, as Python does.
    fn character<T>(&self, c: char) -> Walked<T> {
        let mut shown = String::new();
        crate::repr::quote(&mut shown, &c.to_string());
        wrong(format!("unexpected char {shown} at {}", self.source[..self.at].chars().count()))
    }
}

/// The length of the string literal that the text starts with.
pub(crate) fn string(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
