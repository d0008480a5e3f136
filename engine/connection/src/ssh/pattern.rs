//! Wildcards and lists of patterns as OpenSSH has them.

/// Whether `text` fits a pattern of `*` (anything) and `?` (one character), case as it is.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit: the star, and how far it reached.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    p = at + 1;
                    t = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether `text` is in a list: some pattern fits, and none with `!` in front does.
pub(crate) fn listed<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if fits(negated, text) => return false,
            Some(_) => {}
            None => found |= fits(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_reaches_as_far_as_it_must_and_a_negation_wins() {
        assert!(fits("*.ex*le.org", "a.b.example.org") && fits("10.0.0.?", "10.0.0.7") && fits("**", ""));
        assert!(!fits("10.0.0.?", "10.0.0.17") && !fits("a*b", "a"));
        assert!(listed(["*.org", "!bad.org"], "good.org") && !listed(["*.org", "!bad.org"], "bad.org"));
        assert!(!listed(["!bad.org"], "good.org"));
    }
}
