//! Unpack a role's archive: its files alone, without the folders above it.

use std::{fs, path::Path};

use rustible_protocol::Value;
use rustible_source::Diagnostic;

use super::there::META;
use crate::{
    archive::{self, Entry, Member},
    context::failed,
    paths::complete,
};

/// The folder of the archive that the role is in, and its metadata.
pub(crate) fn locate(entries: &[Entry]) -> Result<(String, Value), Diagnostic> {
    let mut best: Option<(&Entry, String)> = None;
    for entry in entries.iter().filter(|entry| META.iter().any(|meta| entry.name.contains(meta))) {
        let above = Path::new(&entry.name).parent().and_then(Path::parent);
        let above = above.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        if best.as_ref().is_none_or(|(_, other)| above.len() < other.len()) {
            best = Some((entry, above));
        }
    }
    let Some((entry, folder)) = best else {
        return Err(failed("this role does not appear to have a meta/main.yml file."));
    };
    let text = String::from_utf8_lossy(&entry.data).into_owned();
    let metadata = rustible_yaml::load(&entry.name.as_str().into(), &text)
        .map_err(|_| failed("this role does not appear to have a valid meta/main.yml file."))?;
    Ok((folder, metadata.into_untrusted()))
}

/// Unpack files and links into a folder that is there.
pub(crate) fn unpack(entries: &[Entry], inside: &str, folder: &Path) -> Result<(), Diagnostic> {
    // Errors name paths as if the archive lay in the current folder.
    let root = complete(Path::new(inside));
    for entry in entries {
        let link = match &entry.member {
            Member::File => None,
            Member::Link(target) => Some(target.as_str()),
            Member::Folder | Member::Other => continue,
        };
        let name = entry.name.replacen(inside, "", 1);
        let name = name.trim_start_matches('/');
        check("name", &root.join(name), &root)?;
        let path =
            folder.join(complete(&Path::new("/").join(name)).strip_prefix("/").unwrap_or(Path::new(name)));
        if path == *folder {
            continue;
        }
        if let Some(target) = link {
            let from = Path::new(name).parent().unwrap_or(Path::new(""));
            check("linkname", &root.join(from).join(target), &root)?;
            archive::parents(folder, &path)?;
            archive::link(&path, target)?;
        } else {
            archive::parents(folder, &path)?;
            archive::write(&path, &entry.data, mode(entry.mode))?;
        }
    }
    Ok(())
}

/// Nobody else may write; what its owner cannot run nobody runs.
fn mode(mode: u32) -> u32 {
    let mode = mode & 0o755 | 0o600;
    if mode & 0o100 == 0 { mode & !0o111 } else { mode }
}

fn check(what: &str, full: &Path, root: &Path) -> Result<(), Diagnostic> {
    if complete(full).starts_with(root) {
        return Ok(());
    }
    Err(failed(format!(
        "Invalid {what} for tarfile member: path {} is not a subpath of the role {}",
        full.display(),
        root.display()
    )))
}

/// Make the role's folder and what is above it.
pub(crate) fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, member: Member) -> Entry {
        Entry { name: name.into(), member, mode: 0o666, data: b"x: 1".to_vec() }
    }

    #[test]
    fn names_and_links_out_of_the_role_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let up = [entry("r/../../evil", Member::File)];
        let error = unpack(&up, "r", folder.path()).unwrap_err().summary();
        assert!(error.contains("Invalid name") && error.contains("is not a subpath of the role"), "{error}");
        for target in ["/etc", "../x", "a/../../x"] {
            let link = [entry("r/l", Member::Link(target.into()))];
            let error = unpack(&link, "r", folder.path()).unwrap_err().summary();
            assert!(error.contains("Invalid linkname"), "{error}");
        }
        // Each link stays inside, together they do not.
        let two = [
            entry("r/d", Member::Link(".".into())),
            entry("r/d/e", Member::Link("..".into())),
            entry("r/d/e/evil", Member::File),
        ];
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        assert!(unpack(&two, "r", &inner).is_err());
        assert!(!folder.path().join("evil").exists());
        let good = [
            entry("r/tasks/main.yml", Member::File),
            entry("r/d/l", Member::Link("../tasks/main.yml".into())),
        ];
        unpack(&good, "r", folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("d/l")).unwrap(), "x: 1");
    }

    #[test]
    fn the_metadata_nearest_to_the_top_is_the_roles_own() {
        let entries =
            [entry("a/roles/b/meta/main.yml", Member::File), entry("a/meta/main.yml", Member::File)];
        assert_eq!(locate(&entries).unwrap().0, "a");
        assert!(locate(&entries[..0]).is_err());
    }
}
