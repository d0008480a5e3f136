//! Text in lines of a width, as documentation is shown.

/// Paragraphs in lines of at most so many characters, words that are longer aside; blanks within a line stay.
pub(super) fn fill(text: &str, width: usize, first: &str, others: &str) -> String {
    let mut out = String::new();
    let mut head = first;
    for paragraph in text.split("\n\n") {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&one(paragraph, width, head, others));
        head = others;
    }
    out
}

fn one(text: &str, width: usize, first: &str, others: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_ascii_whitespace() { ' ' } else { c }).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for chunk in chunks(&text) {
        let blank = chunk.starts_with(' ');
        if blank && line.is_empty() && !lines.is_empty() {
            continue;
        }
        let head = if lines.is_empty() { first } else { others };
        let count = chunk.chars().count();
        if used > 0 && head.chars().count() + used + count > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
            if blank {
                continue;
            }
        }
        line.push_str(chunk);
        used += count;
    }
    lines.push(line);
    let lines = lines.iter().enumerate().filter(|(at, line)| *at == 0 || !line.trim().is_empty());
    let shown = lines.map(|(at, line)| {
        let head = if at == 0 { first } else { others };
        format!("{head}{}", line.trim_end())
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Runs of blanks and runs of others.
fn chunks(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| (c == ' ') != (first == ' ')).unwrap_or(rest.len());
        out.push(&rest[..end]);
        rest = &rest[end..];
    }
    out
}

/// Every line that far to the right.
pub(super) fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_the_width_and_paragraphs_stay_apart() {
        assert_eq!(fill("one two  three four", 12, "* ", "  "), "* one two\n  three four");
        assert_eq!(fill("one\ntwo\n\nthree", 20, "* ", "  "), "* one two\n  three");
        assert_eq!(fill("averyveryverylongword x", 8, "", " "), "averyveryverylongword\n x");
    }
}
