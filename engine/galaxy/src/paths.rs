//! Paths as people write them.

use std::{
    env,
    path::{Path, PathBuf},
};

use rustible_source::Diagnostic;

use crate::context::failed;

/// The complete path: `~` and variables are replaced, `.` and `..` taken out.
pub(crate) fn resolve(text: &str) -> PathBuf {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let braced = behind.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let plain = behind.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(behind.len());
        let (name, after) = braced.unwrap_or((&behind[..plain], &behind[plain..]));
        match env::var(name) {
            Ok(value) => expanded.push_str(&value),
            Err(_) => expanded.push_str(&rest[at..rest.len() - after.len()]),
        }
        rest = after;
    }
    expanded.push_str(rest);
    if let (Some(behind), Ok(home)) = (expanded.strip_prefix('~'), env::var("HOME"))
        && (behind.is_empty() || behind.starts_with('/'))
    {
        expanded = format!("{home}{behind}");
    }
    complete(Path::new(&expanded))
}

/// The complete path without `.` and `..`; links are not followed.
pub(crate) fn complete(path: &Path) -> PathBuf {
    rustible_source::normal(&env::current_dir().unwrap_or_default().join(path))
}

/// The path with `ansible_collections` at its end.
pub(crate) fn with_collections(path: &Path) -> PathBuf {
    if path.file_name().is_some_and(|name| name == "ansible_collections") {
        return path.to_path_buf();
    }
    path.join("ansible_collections")
}

/// An error of the file system, with the path.
pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Diagnostic + '_ {
    move |error| failed(format!("{}: {error}", path.display()))
}

/// Whether it is `namespace.name`, both identifiers and no keywords of Python.
pub(crate) fn is_collection_name(text: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
        "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in",
        "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !KEYWORDS.contains(&part)
    };
    text.split_once('.').is_some_and(|(namespace, name)| word(namespace) && word(name))
}

/// The error of a name that is none.
pub(crate) fn not_a_name(name: &str) -> Diagnostic {
    failed(format!(
        "Invalid collection name '{name}', name must be in the format <namespace>.<collection>. \n\
         Please make sure namespace and collection name contains characters from [a-zA-Z0-9_] only."
    ))
}
