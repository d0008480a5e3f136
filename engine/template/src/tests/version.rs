//! `version`: comparison of versions, loosely, strictly, by SemVer or by PEP 440.

use std::cmp::Ordering;

use super::Table;
use crate::{
    args::bind,
    registry::TestRun,
    repr,
    rt::{Args, Res, Rt, fail},
};

const VERSION: TestRun = |_, v, a| version(v, a);

pub(crate) const TABLE: Table = &[("version", VERSION), ("version_compare", VERSION)];

fn version(value: &Rt, args: Args) -> Res<bool> {
    let args = bind("version_compare", args, &["version", "operator", "strict", "version_type"])?;
    let (a, b) = (repr::text(value)?, args.text(0, "")?);
    if a.is_empty() {
        return Err(fail("Input version value cannot be empty"));
    }
    if b.is_empty() {
        return Err(fail("Version parameter to compare against cannot be empty"));
    }
    let kind = args.opt_text(3)?;
    if args.get(2).is_some() && kind.is_some() {
        return Err(fail("Cannot specify both 'strict' and 'version_type'"));
    }
    let kind = match kind {
        Some(kind) => kind,
        None if args.flag(2, false)? => "strict".into(),
        None => "loose".into(),
    };
    let operator = args.text(1, "eq")?;
    const OPERATORS: &[&str] =
        &["==", "=", "eq", "<", "lt", "<=", "le", ">", "gt", ">=", "ge", "!=", "<>", "ne"];
    if !OPERATORS.contains(&operator.as_str()) {
        let known: Vec<String> = OPERATORS.iter().map(|o| format!("'{o}'")).collect();
        return Err(fail(format!("Invalid operator type ({operator}). Must be one of {}", known.join(", "))));
    }
    let order = match kind.as_str() {
        "loose" => loose(&a, &b)?,
        "strict" => strict(&a)?.cmp(&strict(&b)?),
        "semver" | "semantic" => semver(&a, &b)?,
        "pep440" => pep440(&a)?.cmp(&pep440(&b)?),
        other => {
            return Err(fail(format!(
                "Invalid version type ({other}). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'"
            )));
        }
    };
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        _ => order != Ordering::Equal,
    })
}

/// A part of a loose version.
#[derive(Debug, PartialEq)]
enum Part {
    Number(u64),
    Word(String),
}

fn parts(text: &str) -> Vec<Part> {
    let mut out: Vec<String> = Vec::new();
    let class = |c: char| {
        if c.is_ascii_digit() {
            0
        } else if c.is_ascii_lowercase() {
            1
        } else {
            2
        }
    };
    for c in text.chars() {
        if c == '.' {
            out.push(String::new());
            continue;
        }
        match out.last_mut() {
            Some(last) if last.chars().last().is_none_or(|l| class(l) == class(c)) => last.push(c),
            _ => out.push(c.to_string()),
        }
    }
    let kept = out.into_iter().filter(|p| !p.is_empty());
    kept.map(|p| p.parse().map_or(Part::Word(p), Part::Number)).collect()
}

pub(crate) fn loose(a: &str, b: &str) -> Res<Ordering> {
    let (x, y) = (parts(a), parts(b));
    for (p, q) in x.iter().zip(&y) {
        let order = match (p, q) {
            (Part::Number(p), Part::Number(q)) => p.cmp(q),
            (Part::Word(p), Part::Word(q)) => p.cmp(q),
            (p, _) => {
                let (left, right) =
                    if matches!(p, Part::Number(_)) { ("int", "str") } else { ("str", "int") };
                return Err(fail(format!(
                    "Version comparison failed: '<' not supported between instances of '{left}' and '{right}'"
                )));
            }
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(x.len().cmp(&y.len()))
}

type Strict = (Vec<u64>, bool, (String, u64));

fn strict(text: &str) -> Res<Strict> {
    let bad = || fail(format!("Version comparison failed: invalid version number '{text}'"));
    let at = text.find(['a', 'b']).unwrap_or(text.len());
    let mut numbers: Vec<u64> =
        text[..at].split('.').map(|p| p.parse().map_err(|_| bad())).collect::<Res<_>>()?;
    if !(2..=3).contains(&numbers.len()) {
        return Err(bad());
    }
    numbers.resize(3, 0);
    let pre = match text.get(at..at + 1) {
        Some(letter) => (letter.to_string(), text[at + 1..].parse().map_err(|_| bad())?),
        None => (String::new(), 0),
    };
    Ok((numbers, at == text.len(), pre))
}

fn semver(a: &str, b: &str) -> Res<Ordering> {
    let split = |text: &str| -> Res<(Vec<u64>, Option<String>)> {
        let bad = || fail(format!("Version comparison failed: invalid semantic version '{text}'"));
        let core = text.split('+').next().unwrap_or_default();
        let (numbers, pre) = core.split_once('-').map_or((core, None), |(n, p)| (n, Some(p.to_string())));
        let numbers = numbers.split('.').map(|p| p.parse().map_err(|_| bad())).collect::<Res<Vec<u64>>>()?;
        if numbers.len() == 3 { Ok((numbers, pre)) } else { Err(bad()) }
    };
    let ((x, p), (y, q)) = (split(a)?, split(b)?);
    let order = x.cmp(&y);
    if order != Ordering::Equal {
        return Ok(order);
    }
    Ok(match (p, q) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(p), Some(q)) => {
            let key = |t: &str| -> Vec<(u8, u64, String)> {
                t.split('.')
                    .map(|s| s.parse().map_or((1, 0, s.to_string()), |n| (0, n, String::new())))
                    .collect()
            };
            key(&p).cmp(&key(&q))
        }
    })
}

/// Epoch, release without trailing zeros, and the rest in an order that sorts: dev, alpha, beta, candidate, final, post.
type Pep440 = (u64, Vec<u64>, (u8, u64), (u8, u64), (u8, u64), Vec<(u8, u64, String)>);

fn pep440(text: &str) -> Res<Pep440> {
    let bad = || fail(format!("Version comparison failed: Invalid version: '{text}'"));
    let pattern = r"(?i)^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$";
    let pattern = crate::Pattern::new(pattern, false, false).map_err(fail)?;
    let found = pattern.at_start(text).ok_or_else(bad)?;
    let group = |n: usize| found.groups[n].map(|(s, e)| text[s..e].to_lowercase());
    let number = |n: usize| group(n).and_then(|t| t.parse().ok()).unwrap_or(0);
    let mut release: Vec<u64> =
        group(2).unwrap_or_default().split('.').map(|p| p.parse().unwrap_or(0)).collect();
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let post = if group(5).is_some() {
        (1, number(5))
    } else if group(6).is_some() {
        (1, number(7))
    } else {
        (0, 0)
    };
    let dev = if group(8).is_some() { (0, number(9)) } else { (1, 0) };
    let pre = match group(3).as_deref() {
        Some("a" | "alpha") => (1, number(4)),
        Some("b" | "beta") => (2, number(4)),
        Some(_) => (3, number(4)),
        None if dev.0 == 0 && post.0 == 0 => (0, 0),
        None => (4, 0),
    };
    let local = group(10).map(|l| {
        l.split(['-', '_', '.'])
            .map(|p| p.parse().map_or((0, 0, p.to_string()), |n| (1, n, String::new())))
            .collect()
    });
    Ok((number(1), release, pre, post, dev, local.unwrap_or_default()))
}
