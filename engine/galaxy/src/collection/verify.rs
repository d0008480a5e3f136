//! `collection verify`: what is installed against its checksums.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rustible_protocol::{Value, json};
use rustible_source::Diagnostic;

use super::{
    artifacts::Artifacts,
    meta,
    requirement::{Kind, Wanted},
};
use crate::{
    archive::sha256,
    context::{Context, failed},
    options::Verify,
    paths::{io, with_collections},
    requirements::one_of,
};

pub(crate) fn run(args: &Verify, context: &Context<'_>) -> Result<u8, Diagnostic> {
    context.without_signatures(&args.signatures)?;
    let artifacts = Artifacts::new(context)?;
    let asked = one_of(&args.collections, args.requirements_file.as_deref(), &artifacts)?.collections;
    let mut roots: Vec<PathBuf> =
        args.collections_path.iter().flat_map(|p| p.split(':')).map(crate::paths::resolve).collect();
    roots.extend(context.collections.iter().chain(&context.packages).cloned());
    let mut status = 0;
    for wanted in &asked {
        match verify(wanted, &roots, args.offline, &artifacts) {
            Ok(true) => {}
            Ok(false) => status = 1,
            Err(error) if args.ignore_errors => context.say.warning(&format!(
                "Failed to verify collection '{}' but skipping due to --ignore-errors being set. Error: {}",
                wanted.shown(),
                error.summary()
            )),
            Err(error) => return Err(error),
        }
    }
    Ok(status)
}

/// A file that is not what it was.
struct Modified {
    name: String,
    expected: String,
    found: Option<String>,
}

/// Where checksums come from: the installed collection itself, or the server's archive.
enum Source {
    Local(PathBuf),
    Remote(std::rc::Rc<Vec<crate::archive::Entry>>),
}

impl Source {
    fn read(&self, name: &str) -> Result<Vec<u8>, Diagnostic> {
        match self {
            Self::Local(folder) => {
                let path = folder.join(name);
                fs::read(&path).map_err(|_| {
                    failed(format!("The collection '{name}' path '{}' does not exist.", path.display()))
                })
            }
            Self::Remote(entries) => entries
                .iter()
                .rev()
                .find(|entry| entry.name == name)
                .map(|entry| entry.data.clone())
                .ok_or_else(|| failed(format!("the server's archive does not contain the file '{name}'"))),
        }
    }

    fn json(&self, name: &str) -> Result<Value, Diagnostic> {
        json::read(&String::from_utf8_lossy(&self.read(name)?)).map_err(|_| {
            failed(format!("Collection tar file member {name} does not contain a valid json string."))
        })
    }
}

fn verify(
    wanted: &Wanted,
    roots: &[PathBuf],
    offline: bool,
    artifacts: &Artifacts<'_>,
) -> Result<bool, Diagnostic> {
    let say = artifacts.context.say;
    if wanted.kind.is_concrete() {
        return Err(failed(format!(
            "'{}' type is not supported. The format namespace.name is expected.",
            wanted.kind.name()
        )));
    }
    let (folder, version) = locate(wanted, roots)?;
    let name = wanted.name.clone().unwrap_or_default();
    let local = format!("{name}:{version}");
    let mut modified = Vec::new();
    let source = if offline {
        say.line(&format!("Verifying '{local}'."));
        say.line(&format!("Installed collection found at '{}'", folder.display()));
        Source::Local(folder.clone())
    } else {
        let asked = if wanted.version == "*" { version.clone() } else { wanted.version.clone() };
        let remote = Wanted { version: asked, source: None, kind: Kind::Galaxy, ..wanted.clone() };
        let remote = artifacts.api.located(&remote)?;
        say.line(&format!("Verifying '{local}'."));
        say.line(&format!("Installed collection found at '{}'", folder.display()));
        if remote.version != version {
            say.line(&format!(
                "{name} has the version '{version}' but is being compared to '{}'",
                remote.version
            ));
            return Ok(false);
        }
        let path = artifacts.path(&remote)?;
        say.verbose(3, &format!("Remote collection cached as '{}'", path.display()));
        let source = Source::Remote(artifacts.entries(&path)?);
        let expected = sha256(&source.read("MANIFEST.json")?);
        check(&folder, "MANIFEST.json", &expected, &mut modified);
        source
    };
    say.line(&format!("MANIFEST.json hash: {}", sha256(&source.read("MANIFEST.json")?)));
    compare(&source, &folder, &mut modified)?;
    Ok(tell(&modified, &local, offline, artifacts.context))
}

/// The installed collection's folder and version.
fn locate(wanted: &Wanted, roots: &[PathBuf]) -> Result<(PathBuf, String), Diagnostic> {
    let name = wanted.name.as_deref().unwrap_or_default();
    let (namespace, own) = name.split_once('.').unwrap_or((name, ""));
    let mut text = format!("Collection {name} is not installed in any of the collection paths.");
    for root in roots {
        let folder = with_collections(root).join(namespace).join(own);
        if !folder.is_dir() {
            continue;
        }
        if !meta::is_installed(&folder) {
            text = format!(
                "Collection {name} does not have a MANIFEST.json. A MANIFEST.json is expected if the collection has \
                 been built and installed via ansible-galaxy"
            );
            continue;
        }
        let meta = meta::of_installed(&folder)?;
        if meta.full_name() != name {
            text = format!(
                "Collection at '{}' documents incorrect FQCN '{}'",
                folder.display(),
                meta.full_name()
            );
            continue;
        }
        return Ok((folder, meta.text("version")));
    }
    Err(failed(text))
}

fn check(folder: &Path, name: &str, expected: &str, modified: &mut Vec<Modified>) {
    let found = fs::read(folder.join(name)).ok().map(|bytes| sha256(&bytes));
    if found.as_deref() != Some(expected) {
        modified.push(Modified { name: name.into(), expected: expected.into(), found });
    }
}

/// Every file of the list, and whatever else lies there.
fn compare(source: &Source, folder: &Path, modified: &mut Vec<Modified>) -> Result<(), Diagnostic> {
    let manifest = source.json("MANIFEST.json")?;
    let of_files = manifest.get("file_manifest_file").cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(String::from);
    let name = text(&of_files, "name").unwrap_or_else(|| "FILES.json".into());
    check(folder, &name, &text(&of_files, "chksum_sha256").unwrap_or_default(), modified);
    let files = source.json(&name)?;
    let mut known: BTreeSet<String> = ["MANIFEST.json", "FILES.json"].map(String::from).into();
    for item in files.get("files").and_then(Value::as_list).into_iter().flat_map(|list| list.iter()) {
        let Some(name) = text(item, "name") else { continue };
        if text(item, "ftype").as_deref() == Some("file") {
            check(folder, &name, &text(item, "chksum_sha256").unwrap_or_default(), modified);
        }
        known.insert(name);
    }
    walk(folder, "", &known, modified)
}

/// What is there and not in the list: a folder's files before its folders.
fn walk(
    folder: &Path,
    base: &str,
    known: &BTreeSet<String>,
    modified: &mut Vec<Modified>,
) -> Result<(), Diagnostic> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let entry = entry.map_err(io(folder))?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if base.is_empty() { own } else { format!("{base}/{own}") };
        let path = entry.path();
        if path.is_dir() {
            folders.push((path, name));
        } else if !name.ends_with(".pyc") {
            files.push(name);
        }
    }
    let all = files.into_iter().map(|name| (name, "file"));
    for (name, what) in all.chain(folders.iter().map(|(_, name)| (name.clone(), "directory"))) {
        if !known.contains(&name) {
            let expected = format!("the {what} does not exist");
            modified.push(Modified { name, expected, found: Some(format!("the {what} exists")) });
        }
    }
    for (path, name) in folders.iter().filter(|(path, _)| !path.is_symlink()) {
        walk(path, name, known, modified)?;
    }
    Ok(())
}

fn tell(modified: &[Modified], local: &str, offline: bool, context: &Context<'_>) -> bool {
    let say = context.say;
    if modified.is_empty() {
        let what = if offline {
            "are internally consistent with its manifest"
        } else {
            "match the remote collection"
        };
        say.line(&format!("Successfully verified that checksums for '{local}' {what}."));
        return true;
    }
    let name = local.split(':').next().unwrap_or(local);
    say.line(&format!("Collection {name} contains modified content in the following files:"));
    for one in modified {
        say.line(&format!("    {}", one.name));
        let found = one.found.as_deref().unwrap_or("None");
        say.verbose(1, &format!("    Expected: {}\n    Found: {found}", one.expected));
    }
    false
}
