//! Why a text is no pattern, in the words that Python's `re` has for it.

/// What is wrong with a pattern that could not be compiled, when it is one of the things told here.
pub(crate) fn explain(pattern: &str) -> Option<String> {
    let mut walk = Walk { chars: pattern.chars().collect(), at: 0, open: Vec::new(), item: Item::None };
    while walk.at < walk.chars.len() {
        if let Err(message) = walk.step() {
            return Some(message);
        }
    }
    let open = walk.open.last()?;
    Some(format!("missing ), unterminated subpattern at position {open}"))
}

/// What stands before the present place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    None,
    Single,
    Repeated,
}

struct Walk {
    chars: Vec<char>,
    at: usize,
    /// Places of the parentheses that are open.
    open: Vec<usize>,
    item: Item,
}

impl Walk {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self) -> Result<(), String> {
        let at = self.at;
        match self.chars[at] {
            '\\' => {
                self.escape()?;
                self.item = Item::Single;
            }
            '[' => {
                self.set()?;
                self.item = Item::Single;
            }
            '(' => {
                self.open.push(at);
                self.item = Item::None;
                self.at += 1;
                if self.peek(0) == Some('?') {
                    self.extension()?;
                }
            }
            ')' => {
                if self.open.pop().is_none() {
                    return Err(format!("unbalanced parenthesis at position {at}"));
                }
                self.item = Item::Single;
                self.at += 1;
            }
            '|' => {
                self.item = Item::None;
                self.at += 1;
            }
            '*' | '+' | '?' => self.repeat(1)?,
            '{' => match self.count()? {
                Some(length) => self.repeat(length)?,
                None => {
                    self.item = Item::Single;
                    self.at += 1;
                }
            },
            '^' => {
                self.item = Item::None;
                self.at += 1;
            }
            _ => {
                self.item = Item::Single;
                self.at += 1;
            }
        }
        Ok(())
    }

    fn repeat(&mut self, length: usize) -> Result<(), String> {
        let at = self.at;
        match self.item {
            Item::None => return Err(format!("nothing to repeat at position {at}")),
            Item::Repeated => return Err(format!("multiple repeat at position {at}")),
            Item::Single => {}
        }
        self.at += length;
        if matches!(self.peek(0), Some('?' | '+')) {
            self.at += 1;
        }
        self.item = Item::Repeated;
        Ok(())
    }

    /// The length of `{m,n}`; nothing when the brace is a brace.
    fn count(&self) -> Result<Option<usize>, String> {
        let Some(end) = self.chars[self.at..].iter().position(|c| *c == '}') else { return Ok(None) };
        let inner: String = self.chars[self.at + 1..self.at + end].iter().collect();
        let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if inner.is_empty() || inner == "," || !digits(low) || !digits(high) {
            return Ok(None);
        }
        if let (Ok(low), Ok(high)) = (low.parse::<u64>(), high.parse::<u64>())
            && high < low
        {
            return Err(format!("min repeat greater than max repeat at position {}", self.at + 1));
        }
        Ok(Some(end + 1))
    }

    /// Behind `(`, at `?`.
    fn extension(&mut self) -> Result<(), String> {
        let at = self.at;
        let Some(kind) = self.peek(1) else {
            return Err(format!("unexpected end of pattern at position {}", at + 1));
        };
        let known = "PaiLmsux-:=!<#(>".contains(kind);
        if !known {
            return Err(format!("unknown extension ?{kind} at position {at}"));
        }
        self.at += 2;
        if kind == '#' {
            let end = self.chars[self.at..].iter().position(|c| *c == ')');
            let Some(end) = end else {
                return Err(format!("missing ), unterminated comment at position {}", at - 1));
            };
            self.at += end + 1;
            self.open.pop();
        }
        // Names, flags and conditions are plain characters to what follows.
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let at = self.at;
        let Some(next) = self.peek(1) else {
            return Err(format!("bad escape (end of pattern) at position {at}"));
        };
        if next.is_ascii_alphabetic() && !"abfnrtvxuUNdDsSwWAbBZ".contains(next) {
            return Err(format!("bad escape \\{next} at position {at}"));
        }
        self.at += 2;
        Ok(())
    }

    /// `[...]`, from its opening on.
    fn set(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at += 1;
        if self.peek(0) == Some('^') {
            self.at += 1;
        }
        let first = self.at;
        loop {
            let at = self.at;
            let Some(c) = self.peek(0) else {
                return Err(format!("unterminated character set at position {begin}"));
            };
            if c == ']' && at > first {
                self.at += 1;
                return Ok(());
            }
            if c == '\\' {
                self.escape()?;
                continue;
            }
            if self.peek(1) == Some('-')
                && let Some(last) = self.peek(2).filter(|last| !matches!(last, ']' | '\\'))
            {
                if last < c {
                    return Err(format!("bad character range {c}-{last} at position {at}"));
                }
                self.at += 3;
                continue;
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_is_none_is_told_as_python_tells_it() {
        let cases = [
            ("(", "missing ), unterminated subpattern at position 0"),
            ("a(b(c", "missing ), unterminated subpattern at position 3"),
            ("a)", "unbalanced parenthesis at position 1"),
            ("[a", "unterminated character set at position 0"),
            ("*a", "nothing to repeat at position 0"),
            ("a**", "multiple repeat at position 2"),
            ("a\\", "bad escape (end of pattern) at position 1"),
            ("\\q", "bad escape \\q at position 0"),
            ("[z-a]", "bad character range z-a at position 1"),
            ("(?y)", "unknown extension ?y at position 1"),
            ("a{3,2}", "min repeat greater than max repeat at position 2"),
        ];
        for (pattern, message) in cases {
            assert_eq!(explain(pattern).as_deref(), Some(message), "{pattern}");
        }
        assert_eq!(explain("(a|b)*[^]x]+?\\d{2,3}"), None);
    }
}
