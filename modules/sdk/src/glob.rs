//! Names with `*`, `?` and `[...]`, as Python's `fnmatch` has them.

/// Whether a name matches; `*` also stands for `/` and a leading dot.
#[must_use]
pub fn fnmatch(name: &str, pattern: &str) -> bool {
    let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), pattern.chars().collect());
    matches(&name, &pattern)
}

fn matches(name: &[char], pattern: &[char]) -> bool {
    // The last star and where the name was then: what follows it may begin later.
    let (mut n, mut p, mut star) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(next) = one(name[n], pattern, p) {
            n += 1;
            p = next;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, n) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The place behind the pattern's one character when it takes `c`.
fn one(c: char, pattern: &[char], at: usize) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => {
            let negated = pattern.get(at + 1) == Some(&'!');
            let first = at + 1 + usize::from(negated);
            // A bracket right behind the opening is a member.
            let close = (first + 1..pattern.len()).find(|i| pattern[*i] == ']');
            let Some(close) = close else { return (c == '[').then_some(at + 1) };
            (member(c, &pattern[first..close]) != negated).then_some(close + 1)
        }
        own => (*own == c).then_some(at + 1),
    }
}

fn member(c: char, set: &[char]) -> bool {
    let mut i = 0;
    while i < set.len() {
        if i + 2 < set.len() && set[i + 1] == '-' {
            if (set[i]..=set[i + 2]).contains(&c) {
                return true;
            }
            i += 3;
        } else {
            if set[i] == c {
                return true;
            }
            i += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::fnmatch;

    #[test]
    fn names_match_as_in_python() {
        for (name, pattern) in [
            ("a.log", "*.log"),
            ("abc", "a?c"),
            ("a1", "a[0-9]"),
            ("a[", "a["),
            (".x", "*"),
            ("x]", "x[]]"),
            ("", "*"),
        ] {
            assert!(fnmatch(name, pattern), "{name} {pattern}");
        }
        for (name, pattern) in [("a.logs", "*.log"), ("ac", "a?c"), ("a1", "a[!0-9]"), ("abab", "*aba")] {
            assert!(!fnmatch(name, pattern), "{name} {pattern}");
        }
    }
}
