//! Host names with ports and ranges: `web[01:10]:2222`, `[2001:db8::1]:22`.

use std::sync::LazyLock;

use fancy_regex::Regex;
use rustible_source::Diagnostic;

/// A range of many more hosts than this is a mistake.
const MAX_HOSTS: usize = 1_000_000;

struct Patterns {
    bracketed: Regex,
    hostport: Regex,
    ipv4: Regex,
    ipv6: Regex,
    hostname: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| Patterns::new().ok());

impl Patterns {
    fn new() -> Result<Self, Box<fancy_regex::Error>> {
        let compile = |text: &str| Regex::new(text).map_err(Box::new);
        let (dec, hex) = (r"\[(?:[0-9]+:[0-9]+)(?::[0-9]+)?\]", r"\[(?:[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\]");
        let alnum = r"\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]";
        let v4 = format!("(?:[01]?[0-9]{{1,2}}|2[0-4][0-9]|25[0-5]|{dec})");
        let v6 = format!("(?:[0-9a-f]{{1,4}}|{hex})");
        let label = format!(r"(?:\w|{alnum})(?:[\w-]|{alnum})*(?<![_-])");
        let mut forms = vec![
            format!("(?:{v6}:){{7}}{v6}"),
            format!("(?:{v6}:){{1,6}}:"),
            format!(":(?::{v6}){{1,6}}"),
            format!("{v6}?::"),
        ];
        forms.extend((1..=6).map(|n| format!("(?:{v6}:){{{n}}}(?::{v6}){{1,{}}}", 7 - n)));
        let dotted = format!(r"(?:{v6}\.){{3}}{v6}");
        forms.extend([
            format!("(?:0:){{6}}{dotted}"),
            format!("::(?:ffff:)?{dotted}"),
            format!("(?:0:){{5}}ffff:{dotted}"),
        ]);
        Ok(Self {
            bracketed: compile(r"^\[(.+)\]:([0-9]+)$")?,
            hostport: compile(r"^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$")?,
            ipv4: compile(&format!(r"(?i)^(?:{v4}\.){{3}}{v4}$"))?,
            ipv6: compile(&format!("(?i)^(?:{})$", forms.join("|")))?,
            hostname: compile(&format!(r"(?i)^{label}(?:\.{label})*$"))?,
        })
    }
}

/// Host and port of an address; `None` when it is no address (it may still be a pattern or an odd host name).
pub(crate) fn parse(address: &str, ranges: bool) -> Option<(&str, Option<i64>)> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
    if address.bytes().all(plain)
        && !address.is_empty()
        && !address.starts_with('.')
        && !address.ends_with('.')
        && !address.contains("..")
    {
        return Some((address, None));
    }
    let patterns = PATTERNS.as_ref()?;
    let (mut host, mut port) = (address, None);
    for pattern in [&patterns.bracketed, &patterns.hostport] {
        if let Ok(Some(found)) = pattern.captures(host)
            && let (Some(inner), Some(number)) = (found.get(1), found.get(2))
        {
            port = number.as_str().parse().ok();
            host = inner.as_str();
        }
    }
    let is = |pattern: &Regex| pattern.is_match(host).unwrap_or(false);
    let known = is(&patterns.ipv4) || is(&patterns.ipv6) || is(&patterns.hostname);
    (known && (ranges || !host.contains('['))).then_some((host, port))
}

/// The hosts that a source's host pattern means, and the port for all of them.
///
/// # Errors
/// A range that is none.
pub(crate) fn expand(pattern: &str) -> Result<(Vec<String>, Option<i64>), Diagnostic> {
    let (host, port) = parse(pattern, true).unwrap_or((pattern, None));
    let mut hosts = Vec::new();
    if host.contains('[') {
        ranges(host, &mut hosts)?;
    } else {
        hosts.push(host.to_string());
    }
    Ok((hosts, port))
}

/// Whether such a problem of `expand` says that brackets have not the form of a range, so that the text can still
/// be a host's name; with other problems a range was meant whose bounds are none.
pub(crate) fn is_no_range(problem: &Diagnostic) -> bool {
    problem.message.starts_with("host range must")
}

fn ranges(text: &str, out: &mut Vec<String>) -> Result<(), Diagnostic> {
    let fail = |text: &str| Err(Diagnostic::new(text));
    let marked = text.replacen('[', "|", 1).replacen(']', "|", 1);
    let parts: Vec<&str> = marked.split('|').collect();
    let [head, range, tail] = parts[..] else {
        let problem = if parts.len() > 3 {
            "too many values to unpack (expected 3)".into()
        } else {
            format!("not enough values to unpack (expected 3, got {})", parts.len())
        };
        return Err(Diagnostic::new(problem));
    };
    let bounds: Vec<&str> = range.split(':').collect();
    if bounds.len() != 2 && bounds.len() != 3 {
        return fail("host range must be begin:end or begin:end:step");
    }
    let first = if bounds[0].is_empty() { "0" } else { bounds[0] };
    let last = bounds[1];
    if last.is_empty() {
        return fail("host range must specify end value");
    }
    let width = if first.len() > 1 && first.starts_with('0') { first.len() } else { 0 };
    if width > 0 && width != last.len() {
        return fail("host range must specify equal-length begin and end formats");
    }
    let step = number(bounds.get(2).copied().unwrap_or("1"))?;
    if step == 0 {
        return fail("range() arg 3 must not be zero");
    }
    let mut each = |middle: String| {
        if out.len() >= MAX_HOSTS {
            return fail("host range names more than a million hosts");
        }
        let name = format!("{head}{middle}{tail}");
        if name.contains('[') {
            return ranges(&name, out);
        }
        out.push(name);
        Ok(())
    };
    if let (Some(from), Some(to)) = (letter(first), letter(last)) {
        if from > to {
            return fail("host range must have begin <= end");
        }
        return letters()
            .skip(from)
            .take(to - from + 1)
            .step_by(usize::try_from(step).unwrap_or(1))
            .try_for_each(|c| each(c.into()));
    }
    let (from, to) = (number(first)?, number(last)?);
    let mut at = from;
    while (step > 0 && at <= to) || (step < 0 && at > to.saturating_add(1)) {
        each(format!("{at:0>width$}"))?;
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    Ok(())
}

fn number(text: &str) -> Result<i64, Diagnostic> {
    text.trim()
        .parse()
        .map_err(|_| Diagnostic::new(format!("invalid literal for int() with base 10: '{text}'")))
}

fn letters() -> impl Iterator<Item = char> {
    ('a'..='z').chain('A'..='Z')
}

fn letter(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    letters().position(|l| l == c)
}
