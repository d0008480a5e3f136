//! Layout of text: `indent` and `wordwrap`.

use std::rc::Rc;

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    methods, repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[("indent", indent), ("wordwrap", wordwrap)];

fn indent(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_indent", args, &["width", "first", "blank"])?;
    let blanks = match args.get(0) {
        Some(Rt::Str(text)) => text.to_string(),
        Some(_) => " ".repeat(usize::try_from(args.int(0, 4)?).unwrap_or(0).min(10_000)),
        None => "    ".into(),
    };
    let (first, blank) = (args.flag(1, false)?, args.flag(2, false)?);
    let text = repr::text(&input)? + "\n";
    let out = if blank {
        methods::split_lines(&text, false).join(&format!("\n{blanks}"))
    } else {
        let lines = methods::split_lines(&text, false);
        let mut lines = lines.into_iter();
        let mut out = lines.next().unwrap_or_default();
        for line in lines {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&blanks);
                out.push_str(&line);
            }
        }
        out
    };
    Ok(Rt::from(if first { blanks + &out } else { out }))
}

fn wordwrap(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let names = &["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let args = bind("do_wordwrap", args, names)?;
    let wanted = args.int(0, 79)?;
    let (long, hyphens) = (args.flag(1, true)?, args.flag(3, true)?);
    let newline = args.text(2, "\n")?;
    let text = repr::text(&input)?;
    let lines = methods::split_lines(&text, false);
    if wanted < 1 && !lines.is_empty() {
        return Err(fail(format!("invalid width {wanted} (must be > 0)")));
    }
    let width = usize::try_from(wanted).unwrap_or(1).max(1);
    let wrapped = lines.iter().map(|line| wrap(line, width, long, hyphens).join(&newline));
    Ok(Rt::from(wrapped.collect::<Vec<_>>().join(&newline)))
}

/// Python's `textwrap.wrap` with white space kept as it is.
fn wrap(line: &str, width: usize, long: bool, hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = chunks(line, hyphens);
    chunks.reverse();
    let mut lines = Vec::new();
    while !chunks.is_empty() {
        let mut current: Vec<String> = Vec::new();
        let mut len = 0;
        if !lines.is_empty() && chunks.last().is_some_and(|c| c.trim().is_empty()) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.last() {
            let size = chunk.chars().count();
            if len + size > width {
                break;
            }
            len += size;
            current.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last().filter(|c| c.chars().count() > width).cloned() {
            if long {
                let room = width.saturating_sub(len).max(usize::from(len == 0));
                let head: String = chunk.chars().take(room).collect();
                let tail: String = chunk.chars().skip(room).collect();
                current.push(head);
                if let Some(slot) = chunks.last_mut() {
                    *slot = tail;
                }
            } else if current.is_empty() {
                current.extend(chunks.pop());
            }
        }
        if current.last().is_some_and(|c| c.trim().is_empty()) {
            current.pop();
        }
        if !current.is_empty() {
            lines.push(current.concat());
        }
    }
    lines
}

/// Words and the blanks between them; words end behind hyphens between letters.
fn chunks(line: &str, hyphens: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let chars: Vec<char> = line.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let breaks = match before {
            None => true,
            Some(b) if b.is_whitespace() != c.is_whitespace() => true,
            Some('-') if hyphens => i >= 2 && chars[i - 2].is_alphabetic() && c.is_alphabetic(),
            _ => false,
        };
        if breaks {
            out.push(String::new());
        }
        if let Some(last) = out.last_mut() {
            last.push(*c);
        }
    }
    out
}
