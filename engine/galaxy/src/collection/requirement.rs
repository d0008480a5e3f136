//! What is asked for: a name with a range, a folder, a file, a URL, a repository.

use std::path::{Path, PathBuf};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use super::{artifacts::Artifacts, meta};
use crate::{
    context::{Server, failed},
    paths::is_collection_name,
};

/// What kind of thing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A name that a server knows.
    Galaxy,
    /// An archive.
    File,
    /// An archive behind a URL.
    Url,
    /// A repository.
    Git,
    /// A folder with a collection.
    Dir,
    /// A folder with folders of collections.
    Subdirs,
    /// The version of ansible-core.
    Core,
}

impl Kind {
    /// As requirements files name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Galaxy => "galaxy",
            Self::File => "file",
            Self::Url => "url",
            Self::Git => "git",
            Self::Dir => "dir",
            Self::Subdirs => "subdirs",
            Self::Core => "requires_ansible",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Galaxy, Self::File, Self::Url, Self::Git, Self::Dir, Self::Subdirs]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Whether it stands for collections that are found in it.
    pub(crate) fn is_virtual(self) -> bool {
        matches!(self, Self::Git | Self::Subdirs)
    }

    /// Whether there is just one thing it can be.
    pub(crate) fn is_concrete(self) -> bool {
        !matches!(self, Self::Galaxy | Self::Core)
    }
}

/// What is asked for, and as well what is taken for it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// `namespace.name`; nothing for repositories and folders of collections.
    pub(crate) name: Option<String>,
    /// A range, or a version.
    pub(crate) version: String,
    /// Where it is.
    pub(crate) source: Option<String>,
    /// The server it must come from.
    pub(crate) server: Option<Server>,
    /// Its kind.
    pub(crate) kind: Kind,
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.version == other.version
            && self.source == other.source
            && self.kind == other.kind
    }
}

impl Wanted {
    /// What it is known by while dependencies are resolved.
    pub(crate) fn id(&self) -> String {
        match (&self.name, self.kind.is_virtual()) {
            (Some(name), false) => name.clone(),
            _ => format!(
                "<virtual namespace from {} of type {}>",
                self.source.as_deref().unwrap_or("None"),
                self.kind.name()
            ),
        }
    }

    /// `namespace.name:version`.
    pub(crate) fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("{name}:{}", self.version),
            None if self.kind == Kind::Git => "git collection from a Git repo".into(),
            None => format!("{} collection from a namespace", self.kind.name()),
        }
    }

    /// With kind and source, as errors show it.
    pub(crate) fn described(&self) -> String {
        let source = self.source.as_deref().unwrap_or("Galaxy");
        format!("<{} of type '{}' from {source}>", self.shown(), self.kind.name())
    }

    /// A range that names one version.
    pub(crate) fn is_pinned(&self) -> bool {
        !self.version.starts_with(['<', '>', '!', '*'])
    }
}

/// Of a word of the command line.
pub(crate) fn of_text(text: &str, artifacts: &Artifacts<'_>) -> Result<Wanted, Diagnostic> {
    let mut fields = Dict::new();
    if points(text) || is_collection_name(text) {
        fields.insert("name", text);
    } else if let Some((name, version)) = text.split_once(':') {
        fields.insert("name", name);
        if !version.is_empty() {
            fields.insert("version", version);
        }
    } else {
        let at = text.find(['<', '>', '=', '!', '~', ' ']).unwrap_or(text.len());
        let (name, range) = text.split_at(at);
        let good = is_collection_name(name) && !range.trim().is_empty();
        fields.insert("name", if good { name } else { text });
        if good {
            fields.insert("version", range.replace(' ', ""));
        }
    }
    of_fields(&fields, None, artifacts)
}

fn is_git(text: &str) -> bool {
    text.starts_with("git+") || text.starts_with("git@")
}

fn is_http(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.starts_with("http:") || lower.starts_with("https:")
}

fn is_collection(path: &Path) -> bool {
    meta::is_installed(path) || meta::is_source(path)
}

/// Folders of collections directly below a folder.
pub(crate) fn below(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let shown =
        |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    entries.filter(|path| shown(path) && is_collection(path)).collect()
}

/// Whether a text leads to one thing.
fn points(text: &str) -> bool {
    is_git(text)
        || is_http(text)
        || Path::new(text).is_file()
        || is_collection(Path::new(text))
        || !below(text).is_empty()
}

/// Of an entry of a requirements file; `server` is what its `source` stands for.
pub(crate) fn of_fields(
    fields: &Dict,
    server: Option<Server>,
    artifacts: &Artifacts<'_>,
) -> Result<Wanted, Diagnostic> {
    let text = |key: &str| fields.get(key).filter(|value| !value.is_null()).map(repr::str);
    let mut name = text("name");
    let version = text("version").unwrap_or_else(|| "*".into());
    let mut source = text("source");
    if fields.get("signatures").is_some_and(|value| !value.is_null()) {
        let shown = name.as_deref().unwrap_or("None");
        let text = format!("Signatures were provided to verify {shown} but no keyring was configured.");
        return Err(failed(text));
    }
    let kind = match text("type") {
        Some(named) => Kind::named(&named).ok_or_else(|| {
            failed(
                "The collection requirement entry key 'type' must be one of file, galaxy, git, dir, subdirs, or url.",
            )
        })?,
        None => guess(&mut name, &mut source)?,
    };
    if name.is_none() && kind == Kind::Galaxy {
        return Err(failed(
            "Collections requirement entry should contain the key 'name' if it's requested from a Galaxy-like index server.",
        ));
    }
    if kind != Kind::Galaxy && source.is_none() {
        source = name.take();
    }
    if let Some(server) = server.as_ref().filter(|server| kind == Kind::Galaxy && !is_http(&server.url)) {
        return Err(failed(format!(
            "Collections requirement 'source' entry should contain a valid Galaxy API URL but it does not: {} is not an HTTP URL.",
            server.url
        )));
    }
    if kind == Kind::Dir {
        source = source.map(|source| source.trim_end_matches('/').to_string());
    }
    if kind == Kind::Galaxy {
        source = None;
    }
    let mut wanted = Wanted { name, version, source, server, kind };
    if !matches!(kind, Kind::Galaxy | Kind::Subdirs | Kind::Git)
        && (wanted.name.is_none() || wanted.version == "*")
    {
        let meta = artifacts.meta(&wanted)?;
        wanted.name.get_or_insert_with(|| meta.full_name());
        if wanted.version == "*" {
            wanted.version = meta.text("version");
        }
    }
    Ok(wanted)
}

/// The kind of what is named without one.
fn guess(name: &mut Option<String>, source: &mut Option<String>) -> Result<Kind, Diagnostic> {
    if name.as_deref().is_some_and(is_collection_name) {
        return Ok(Kind::Galaxy);
    }
    let Some(path) = name.clone().filter(|name| points(name)) else {
        return Err(unresolvable(name.as_deref(), source.as_deref()));
    };
    *name = None;
    *source = Some(path.clone());
    let folder = Path::new(&path);
    if is_git(&path) {
        Ok(Kind::Git)
    } else if is_http(&path) {
        Ok(Kind::Url)
    } else if folder.is_file() {
        Ok(Kind::File)
    } else if meta::is_installed(folder) && meta::is_source(folder) {
        Err(failed(format!(
            "Collection requirement at '{path}' has both a MANIFEST.json file and a galaxy.yml.\nThe requirement must \
             either be an installed collection directory or a source collection directory, not both."
        )))
    } else if is_collection(folder) {
        Ok(Kind::Dir)
    } else {
        Ok(Kind::Subdirs)
    }
}

fn unresolvable(name: Option<&str>, source: Option<&str>) -> Diagnostic {
    let folder = [source, name].into_iter().flatten().find(|path| Path::new(path).is_dir());
    let tip = match (folder, name) {
        (Some(folder), _) => format!(
            "\n\nTip: Make sure you are pointing to the right subdirectory — `{folder}` looks like a directory but it is \
             neither a collection, nor a namespace dir."
        ),
        (None, Some(name)) => format!("\n\nCould not find {name}."),
        (None, None) => String::new(),
    };
    failed(format!(
        "Neither the collection requirement entry key 'name', nor 'source' point to a concrete resolvable collection \
         artifact. Also 'name' is not an FQCN. A valid collection name must be in the format <namespace>.<collection>. \
         Please make sure that the namespace and the collection name contain characters from [a-zA-Z0-9_] only.{tip}"
    ))
}

/// The class of a version's value in `galaxy.yml`, as Python names it.
pub(crate) fn class_of(value: &Value) -> String {
    format!("<class '{}'>", value.type_name())
}
