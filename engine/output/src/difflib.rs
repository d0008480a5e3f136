//! Unified differences the way Python's `difflib` makes them: the longest matching run first, then left and right of it.

use std::collections::HashMap;

/// A run of equal lines: where in the one, where in the other, how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    a: usize,
    b: usize,
    size: usize,
}

/// What happened to a stretch of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Equal,
    Replace,
    Delete,
    Insert,
}

type Opcode = (Tag, usize, usize, usize, usize);

struct Matcher<'a> {
    a: &'a [&'a str],
    b: &'a [&'a str],
    places: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Matcher<'a> {
    fn new(a: &'a [&'a str], b: &'a [&'a str]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(i);
        }
        // Lines that stand everywhere in a long text say nothing about what belongs together.
        if b.len() >= 200 {
            let many = b.len() / 100 + 1;
            places.retain(|_, at| at.len() <= many);
        }
        Self { a, b, places }
    }

    fn longest(&self, (alo, ahi, blo, bhi): (usize, usize, usize, usize)) -> Match {
        let mut best = Match { a: alo, b: blo, size: 0 };
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        for i in alo..ahi {
            let mut next: HashMap<usize, usize> = HashMap::new();
            for &j in self.places.get(self.a[i]).map_or(&[][..], Vec::as_slice) {
                if j < blo {
                    continue;
                }
                if j >= bhi {
                    break;
                }
                let size = if j == 0 { 1 } else { lengths.get(&(j - 1)).copied().unwrap_or(0) + 1 };
                next.insert(j, size);
                if size > best.size {
                    best = Match { a: i + 1 - size, b: j + 1 - size, size };
                }
            }
            lengths = next;
        }
        while best.a > alo && best.b > blo && self.a[best.a - 1] == self.b[best.b - 1] {
            best = Match { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
        }
        while best.a + best.size < ahi
            && best.b + best.size < bhi
            && self.a[best.a + best.size] == self.b[best.b + best.size]
        {
            best.size += 1;
        }
        best
    }

    fn blocks(&self) -> Vec<Match> {
        let mut waiting = vec![(0, self.a.len(), 0, self.b.len())];
        let mut found = Vec::new();
        while let Some(range) = waiting.pop() {
            let (alo, ahi, blo, bhi) = range;
            let run = self.longest(range);
            if run.size == 0 {
                continue;
            }
            found.push(run);
            if alo < run.a && blo < run.b {
                waiting.push((alo, run.a, blo, run.b));
            }
            if run.a + run.size < ahi && run.b + run.size < bhi {
                waiting.push((run.a + run.size, ahi, run.b + run.size, bhi));
            }
        }
        found.sort_unstable();
        let mut merged: Vec<Match> = Vec::new();
        for run in found {
            match merged.last_mut() {
                Some(last) if last.a + last.size == run.a && last.b + last.size == run.b => {
                    last.size += run.size;
                }
                _ => merged.push(run),
            }
        }
        merged.push(Match { a: self.a.len(), b: self.b.len(), size: 0 });
        merged
    }

    fn opcodes(&self) -> Vec<Opcode> {
        let (mut i, mut j) = (0, 0);
        let mut codes = Vec::new();
        for run in self.blocks() {
            let tag = match (i < run.a, j < run.b) {
                (true, true) => Some(Tag::Replace),
                (true, false) => Some(Tag::Delete),
                (false, true) => Some(Tag::Insert),
                (false, false) => None,
            };
            if let Some(tag) = tag {
                codes.push((tag, i, run.a, j, run.b));
            }
            (i, j) = (run.a + run.size, run.b + run.size);
            if run.size > 0 {
                codes.push((Tag::Equal, run.a, i, run.b, j));
            }
        }
        codes
    }
}

/// Opcodes in groups with at most `context` equal lines around each.
fn grouped(mut codes: Vec<Opcode>, context: usize) -> Vec<Vec<Opcode>> {
    if codes.is_empty() {
        codes.push((Tag::Equal, 0, 1, 0, 1));
    }
    if let Some((Tag::Equal, i1, i2, j1, j2)) = codes.first_mut() {
        *i1 = (*i1).max(i2.saturating_sub(context));
        *j1 = (*j1).max(j2.saturating_sub(context));
    }
    if let Some((Tag::Equal, i1, i2, j1, j2)) = codes.last_mut() {
        *i2 = (*i2).min(*i1 + context);
        *j2 = (*j2).min(*j1 + context);
    }
    let mut groups = Vec::new();
    let mut group: Vec<Opcode> = Vec::new();
    for (tag, mut i1, i2, mut j1, j2) in codes {
        if tag == Tag::Equal && i2 - i1 > 2 * context {
            group.push((tag, i1, i2.min(i1 + context), j1, j2.min(j1 + context)));
            groups.push(std::mem::take(&mut group));
            i1 = i1.max(i2.saturating_sub(context));
            j1 = j1.max(j2.saturating_sub(context));
        }
        group.push((tag, i1, i2, j1, j2));
    }
    let only_equal = group.len() == 1 && group[0].0 == Tag::Equal;
    if !group.is_empty() && !only_equal {
        groups.push(group);
    }
    groups
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        1 => (start + 1).to_string(),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

/// The unified difference of two lists of lines (with their line breaks), headers included; empty when they are equal.
pub(crate) fn unified(a: &[&str], b: &[&str], names: (&str, &str), context: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for group in grouped(Matcher::new(a, b).opcodes(), context) {
        if lines.is_empty() {
            lines.push(format!("--- {}\n", names.0));
            lines.push(format!("+++ {}\n", names.1));
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        lines.push(format!("@@ -{} +{} @@\n", range(first.1, last.2), range(first.3, last.4)));
        for (tag, i1, i2, j1, j2) in group {
            if tag == Tag::Equal {
                lines.extend(a[i1..i2].iter().map(|line| format!(" {line}")));
                continue;
            }
            if matches!(tag, Tag::Replace | Tag::Delete) {
                lines.extend(a[i1..i2].iter().map(|line| format!("-{line}")));
            }
            if matches!(tag, Tag::Replace | Tag::Insert) {
                lines.extend(b[j1..j2].iter().map(|line| format!("+{line}")));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_cut_and_numbered_as_python_does() {
        let a: Vec<String> = (1..=12).map(|n| format!("{n}\n")).collect();
        let mut b = a.clone();
        b[1] = "two\n".into();
        b.remove(10);
        let (a, b): (Vec<&str>, Vec<&str>) =
            (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
        let text = unified(&a, &b, ("before", "after"), 3).concat();
        // Recorded from Python 3.13's difflib.
        assert_eq!(
            text,
            "--- before\n+++ after\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -8,5 +8,4 @@\n 8\n 9\n 10\n-11\n 12\n"
        );
        assert!(unified(&a, &a, ("before", "after"), 3).is_empty());
        assert_eq!(
            unified(&[], &["x\n"], ("before", "after"), 3).concat(),
            "--- before\n+++ after\n@@ -0,0 +1 @@\n+x\n"
        );
    }
}
