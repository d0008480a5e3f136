//! File names: `basename`, `dirname`, `realpath`, `splitext`, ... as Python's `os.path` has them.

use std::{path::PathBuf, rc::Rc};

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("basename", |_, v, _| one(v, |p| p[p.rfind('/').map_or(0, |i| i + 1)..].to_string())),
    ("dirname", |_, v, _| one(v, dirname)),
    ("expanduser", |_, v, _| one(v, expand_user)),
    ("expandvars", |ctx, v, _| {
        let ctx = ctx.clone();
        one(v, move |p| expand_vars(&ctx, p))
    }),
    ("normpath", |_, v, _| one(v, normalise)),
    ("realpath", |_, v, _| one(v, realpath)),
    ("relpath", relpath),
    ("splitext", |_, v, _| splitext(&v)),
    ("path_join", |_, v, _| path_join(&v)),
    ("commonpath", |_, v, _| commonpath(&v)),
    ("fileglob", |_, v, _| fileglob(&v)),
    ("win_basename", |_, v, _| one(v, |p| p[p.rfind(['/', '\\', ':']).map_or(0, |i| i + 1)..].to_string())),
    ("win_dirname", |_, v, _| one(v, win_dirname)),
    ("win_splitdrive", |_, v, _| {
        let text = path(&v)?;
        let at = if text.chars().nth(1) == Some(':') { 2 } else { 0 };
        Ok(Rt::list(vec![Rt::str(&text[..at]), Rt::str(&text[at..])]))
    }),
];

fn path(value: &Rt) -> Res<String> {
    match value {
        Rt::Str(text) => Ok(text.to_string()),
        other => Err(fail(format!("expected str, bytes or os.PathLike object, not {}", other.type_name()))),
    }
}

fn one(value: Rt, f: impl Fn(&str) -> String) -> Res<Rt> {
    Ok(Rt::from(f(&path(&value)?)))
}

pub(crate) fn dirname(path: &str) -> String {
    let head = &path[..path.rfind('/').map_or(0, |i| i + 1)];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head.to_string() } else { trimmed.to_string() }
}

fn win_dirname(path: &str) -> String {
    let head = &path[..path.rfind(['/', '\\']).map_or(0, |i| i + 1)];
    let trimmed = head.trim_end_matches(['/', '\\']);
    if trimmed.is_empty() || trimmed.ends_with(':') { head.to_string() } else { trimmed.to_string() }
}

/// `~` and `~user`.
pub(crate) fn expand_user(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_string() };
    let (user, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home =
        if user.is_empty() { std::env::var("HOME").ok().or_else(|| home_of("root")) } else { home_of(user) };
    match home {
        Some(home) => {
            let home = home.trim_end_matches('/');
            let joined = format!("{home}{tail}");
            if joined.is_empty() { "/".into() } else { joined }
        }
        None => path.to_string(),
    }
}

fn home_of(user: &str) -> Option<String> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|l| l.split(':').next() == Some(user))?;
    line.split(':').nth(5).map(String::from)
}

fn expand_vars(ctx: &Ctx, path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, len) = match after.strip_prefix('{').and_then(|a| a.find('}').map(|end| &a[..end])) {
            Some(name) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match ctx.env.variable(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => {
                out.push('$');
                out.push_str(&after[..len]);
            }
        }
        rest = &after[len..];
    }
    out + rest
}

/// `os.path.normpath`.
pub(crate) fn normalise(path: &str) -> String {
    if path.is_empty() {
        return ".".into();
    }
    let root = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|p| *p == "..") => {
                if root.is_empty() {
                    parts.push("..");
                }
            }
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let out = format!("{root}{}", parts.join("/"));
    if out.is_empty() { ".".into() } else { out }
}

fn absolute(path: &str) -> String {
    let current = std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_default();
    normalise(&if path.starts_with('/') { path.to_string() } else { format!("{current}/{path}") })
}

/// `os.path.realpath`: links of the part that exists are followed.
pub(crate) fn realpath(path: &str) -> String {
    let whole = absolute(path);
    let mut known = PathBuf::from(&whole);
    let mut rest: Vec<String> = Vec::new();
    loop {
        if let Ok(real) = known.canonicalize() {
            let mut out = real.display().to_string();
            for part in rest.iter().rev() {
                if !out.ends_with('/') {
                    out.push('/');
                }
                out.push_str(part);
            }
            return out;
        }
        match (known.file_name().map(|n| n.to_string_lossy().into_owned()), known.parent().map(PathBuf::from))
        {
            (Some(name), Some(parent)) => {
                rest.push(name);
                known = parent;
            }
            _ => return whole,
        }
    }
}

fn relpath(_: &Rc<Ctx>, value: Rt, args: Args) -> Res<Rt> {
    let start = bind("relpath", args, &["start"])?.text(0, ".")?;
    let (path, start) = (absolute(&path(&value)?), absolute(&start));
    let split = |p: &str| p.split('/').filter(|s| !s.is_empty()).map(String::from).collect::<Vec<_>>();
    let (path, start) = (split(&path), split(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let mut out = vec!["..".to_string(); start.len() - common];
    out.extend(path[common..].iter().cloned());
    Ok(Rt::from(if out.is_empty() { ".".to_string() } else { out.join("/") }))
}

fn splitext(value: &Rt) -> Res<Rt> {
    let text = path(value)?;
    let name = text.rfind('/').map_or(0, |i| i + 1);
    let lead = text[name..].len() - text[name..].trim_start_matches('.').len();
    let at = text[name + lead..].rfind('.').map_or(text.len(), |i| name + lead + i);
    Ok(Rt::tuple(vec![Rt::str(&text[..at]), Rt::str(&text[at..])]))
}

fn path_join(value: &Rt) -> Res<Rt> {
    let parts = match value {
        Rt::Str(_) => vec![value.clone()],
        Rt::List(_) | Rt::Tuple(_) => value.iterate()?,
        other => {
            return Err(fail(format!(
                "|path_join expects string or sequence, got <class '{}'> instead.",
                other.type_name()
            )));
        }
    };
    let mut out = String::new();
    for part in &parts {
        let part = path(part)?;
        if part.starts_with('/') {
            out = part;
        } else {
            if !out.is_empty() && !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(&part);
        }
    }
    Ok(Rt::from(out))
}

fn commonpath(value: &Rt) -> Res<Rt> {
    if !matches!(value, Rt::List(_) | Rt::Tuple(_)) {
        return Err(fail(format!(
            "|commonpath expects sequence, got <class '{}'> instead.",
            value.type_name()
        )));
    }
    let paths = value.iterate()?.iter().map(path).collect::<Res<Vec<_>>>()?;
    let Some(first) = paths.first() else {
        return Err(fail("commonpath() arg is an empty sequence"));
    };
    if paths.iter().any(|p| p.starts_with('/') != first.starts_with('/')) {
        return Err(fail("Can't mix absolute and relative paths"));
    }
    let split =
        |p: &str| p.split('/').filter(|s| !s.is_empty() && *s != ".").map(String::from).collect::<Vec<_>>();
    let mut common = split(first);
    for path in &paths {
        let parts = split(path);
        let same = common.iter().zip(&parts).take_while(|(a, b)| a == b).count();
        common.truncate(same);
    }
    let root = if first.starts_with('/') { "/" } else { "" };
    Ok(Rt::from(format!("{root}{}", common.join("/"))))
}

/// Files (no folders) that match a pattern, sorted.
pub(crate) fn glob_files(pattern: &str) -> Vec<String> {
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(pattern, options).into_iter().flatten().flatten();
    found.filter(|p| p.is_file()).map(|p| p.display().to_string()).collect()
}

fn fileglob(value: &Rt) -> Res<Rt> {
    let pattern = repr::text(value)?;
    Ok(Rt::list(glob_files(&pattern).into_iter().map(Rt::from).collect()))
}
