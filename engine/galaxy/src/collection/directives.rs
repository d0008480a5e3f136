//! `manifest` of `galaxy.yml`: directives in the manner of `MANIFEST.in` choose the files.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use fancy_regex::Regex;
use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

use super::{
    manifest::{Item, file},
    meta::Meta,
};
use crate::{
    context::{Say, failed},
    paths::io,
};

/// Kinds of plugins whose documentation may lie beside them in YAML.
const DOCUMENTED: [&str; 14] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "filter",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "strategy",
    "test",
    "vars",
];

/// The chosen files and the folders they are in.
pub(super) fn files(
    folder: &Path,
    meta: &Meta,
    control: &Value,
    say: &dyn Say,
    items: &mut Vec<Item>,
) -> Result<(), Diagnostic> {
    let directives = directives(meta, control)?;
    say.verbose(3, "Manifest Directives:");
    let indented: Vec<String> = directives.iter().map(|line| format!("    {line}")).collect();
    say.verbose(3, &indented.join("\n"));
    let mut choice = Choice::new(folder)?;
    for directive in &directives {
        choice.apply(directive)?;
    }
    for path in choice.sorted() {
        let name = match path.strip_prefix(folder).map(|path| path.to_string_lossy().into_owned()) {
            Ok(name) if !name.is_empty() => name,
            _ => ".".into(),
        };
        items.push(if path.is_dir() { Item { name, checksum: None } } else { file(&path, name)? });
    }
    Ok(())
}

/// All directives, the built-in ones around the collection's own unless those are left out.
fn directives(meta: &Meta, control: &Value) -> Result<Vec<String>, Diagnostic> {
    let fields = match control {
        Value::Null => None,
        Value::Dict(fields) => Some(fields),
        other => {
            let kind = other.type_name();
            let text = "Invalid \"manifest\" provided: ansible.galaxy.collection.ManifestControl() argument after ** must be";
            let text = format!("{text} a mapping, not {kind}");
            return Err(failed(text));
        }
    };
    let mut unknown = fields.into_iter().flat_map(|f| f.keys()).map(repr::str);
    if let Some(key) = unknown.find(|key| key != "directives" && key != "omit_default_directives") {
        return Err(failed(format!(
            "Invalid \"manifest\" provided: ManifestControl.__init__() got an unexpected keyword argument '{key}'"
        )));
    }
    let own = match fields.and_then(|fields| fields.get("directives")) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(list)) => list.iter().map(repr::str).collect(),
        Some(other) => {
            let text = format!("\"manifest.directives\" must be a list, got: {}", other.type_name());
            return Err(failed(text));
        }
    };
    let omit = match fields.and_then(|fields| fields.get("omit_default_directives")) {
        None => false,
        Some(Value::Bool(omit)) => *omit,
        Some(other) => {
            return Err(failed(format!(
                "\"manifest.omit_default_directives\" is expected to be a boolean, got: {}",
                other.type_name()
            )));
        }
    };
    if omit && own.is_empty() {
        return Err(failed(
            "\"manifest.omit_default_directives\" was set to True, but no directives were defined in \
             \"manifest.directives\". This would produce an empty collection artifact.",
        ));
    }
    Ok(if omit { own } else { with_defaults(meta, own) })
}

fn with_defaults(meta: &Meta, own: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = [
        "include meta/*.yml",
        "include *.txt *.md *.rst *.license COPYING LICENSE",
        "recursive-include .reuse **",
        "recursive-include LICENSES **",
        "recursive-include tests **",
        "recursive-include docs **.rst **.yml **.yaml **.json **.j2 **.txt **.license",
        "recursive-include roles **.yml **.yaml **.json **.j2 **.license",
        "recursive-include playbooks **.yml **.yaml **.json **.license",
        "recursive-include changelogs **.yml **.yaml **.license",
        "recursive-include plugins */**.py */**.license",
    ]
    .map(String::from)
    .to_vec();
    if let Some(license) = meta.0.get("license_file").filter(|license| license.truthy()) {
        all.push(format!("include {}", repr::str(license)));
    }
    all.extend(DOCUMENTED.iter().map(|kind| format!("recursive-include plugins/{kind} **.yml **.yaml")));
    all.push("recursive-include plugins/modules **.ps1 **.yml **.yaml **.license".into());
    all.push("recursive-include plugins/module_utils **.ps1 **.psm1 **.cs **.license".into());
    all.extend(own);
    let (namespace, name) = (meta.text("namespace"), meta.text("name"));
    all.push(format!("exclude galaxy.yml galaxy.yaml MANIFEST.json FILES.json {namespace}-{name}-*.tar.gz"));
    all.push("recursive-exclude tests/output **".into());
    all.push("global-exclude /.* /__pycache__ *.pyc *.pyo *.bak *~ *.swp".into());
    all
}

/// What the directives leave of a folder's files.
struct Choice {
    base: PathBuf,
    all: Vec<PathBuf>,
    chosen: BTreeSet<PathBuf>,
}

impl Choice {
    fn new(base: &Path) -> Result<Self, Diagnostic> {
        let mut all = Vec::new();
        let mut waiting = vec![base.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).map_err(io(&folder))? {
                let path = entry.map_err(io(&folder))?.path();
                if path.is_file() {
                    all.push(path);
                } else if path.is_dir() && leads_down(&path) {
                    waiting.push(path);
                }
            }
        }
        Ok(Self { base: base.to_path_buf(), all, chosen: BTreeSet::new() })
    }

    fn apply(&mut self, directive: &str) -> Result<(), Diagnostic> {
        const ACTIONS: [&str; 8] = [
            "include",
            "exclude",
            "global-include",
            "global-exclude",
            "recursive-include",
            "recursive-exclude",
            "graft",
            "prune",
        ];
        let invalid = |text: String| failed(format!("Invalid manifest directive: {text}"));
        let mut words: Vec<&str> = directive.split_whitespace().collect();
        if words.len() == 1 && !ACTIONS.contains(&words[0]) {
            words.insert(0, "include");
        }
        let Some((action, rest)) = words.split_first() else { return Ok(()) };
        let (prefix, patterns) = match (*action, rest) {
            ("include" | "exclude" | "global-include" | "global-exclude", [_, ..]) => (None, rest),
            ("recursive-include" | "recursive-exclude", [prefix, patterns @ ..]) if !patterns.is_empty() => {
                (Some(*prefix), patterns)
            }
            ("graft" | "prune", [prefix]) => (Some(*prefix), &[""][..]),
            ("include" | "exclude" | "global-include" | "global-exclude", _) => {
                return Err(invalid(format!("'{action}' expects <pattern1> <pattern2> ...")));
            }
            ("recursive-include" | "recursive-exclude", _) => {
                return Err(invalid(format!("'{action}' expects <dir> <pattern1> <pattern2> ...")));
            }
            ("graft" | "prune", _) => {
                return Err(invalid(format!("'{action}' expects a single <dir_pattern>")));
            }
            _ => return Err(invalid(format!("unknown action '{action}'"))),
        };
        let include = action.ends_with("include") || *action == "graft";
        let anchored = !action.starts_with("global-");
        for pattern in patterns {
            let matcher = self.matcher(pattern, anchored, prefix)?;
            let hits = |path: &Path| matcher.is_match(path.to_string_lossy().as_ref()).unwrap_or(false);
            if include {
                self.chosen.extend(self.all.iter().filter(|path| hits(path)).cloned());
            } else {
                self.chosen.retain(|path| !hits(path));
            }
        }
        Ok(())
    }

    fn matcher(&self, pattern: &str, anchored: bool, prefix: Option<&str>) -> Result<Regex, Diagnostic> {
        let body = glob_body(pattern, "[^/]");
        let base = fancy_regex::escape(&format!("{}/", self.base.display())).into_owned();
        let text = match prefix {
            Some(prefix) => format!("{base}{}/.*{body}", glob_body(prefix, "[^/]")),
            None if anchored => format!("{base}{body}"),
            None => body,
        };
        Regex::new(&format!("(?s:{text})\\z"))
            .map_err(|error| failed(format!("Unknown error processing manifest directive: {error}")))
    }

    /// The files and the folders above them, by folder and name.
    fn sorted(&self) -> Vec<PathBuf> {
        let mut all = self.chosen.clone();
        for path in &self.chosen {
            let above = path.ancestors().skip(1).take_while(|above| above.starts_with(&self.base));
            all.extend(above.map(Path::to_path_buf));
        }
        let mut all: Vec<PathBuf> = all.into_iter().collect();
        let key = |path: &PathBuf| {
            let text =
                |part: Option<&Path>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
            (
                text(path.parent()),
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            )
        };
        all.sort_by_key(key);
        all
    }
}

/// A link to a folder above itself would be walked for ever.
fn leads_down(path: &Path) -> bool {
    !path.is_symlink() || path.canonicalize().is_ok_and(|target| !path.starts_with(&target))
}

/// A shell pattern as a regular expression; `any` is what `?` and `*` stand for.
pub(super) fn glob_body(pattern: &str, any: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        match c {
            '*' => {
                while chars.get(at) == Some(&'*') {
                    at += 1;
                }
                out.push_str(any);
                out.push('*');
            }
            '?' => out.push_str(any),
            '[' => {
                let negated = chars.get(at) == Some(&'!');
                let first = if negated { at + 1 } else { at };
                let close = (first + 1..chars.len()).find(|i| chars[*i] == ']');
                match close {
                    Some(close) => {
                        let inside: String = chars[first..close].iter().collect();
                        let inside = inside.replace('\\', "\\\\").replace('[', "\\[").replace('^', "\\^");
                        out.push_str(if negated { "[^" } else { "[" });
                        out.push_str(&inside);
                        out.push(']');
                        at = close + 1;
                    }
                    None => out.push_str("\\["),
                }
            }
            other => out.push_str(&fancy_regex::escape(&other.to_string())),
        }
    }
    out
}
