//! `collection build`: the archive, and the same as a folder.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use flate2::{Compression, write::GzEncoder};
use rustible_source::Diagnostic;

use super::{
    manifest::{self, Item},
    meta::{self, Meta},
};
use crate::{
    archive,
    context::{Context, failed},
    options::Build,
    paths::{io, resolve},
};

pub(crate) fn run(args: &Build, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let output = resolve(&args.output_path);
    if output.is_file() {
        return Err(failed(format!(
            "- the output collection directory {} is a file - aborting",
            output.display()
        )));
    }
    fs::create_dir_all(&output).map_err(io(&output))?;
    for folder in &args.collections {
        build(&resolve(folder), &output, args.force, context)?;
    }
    Ok(0)
}

/// Build the archive of a source folder; its path.
pub(crate) fn build(
    folder: &Path,
    output: &Path,
    force: bool,
    context: &Context<'_>,
) -> Result<PathBuf, Diagnostic> {
    let meta = meta::of_source(folder, false, context.say)?;
    let items = manifest::files(folder, &meta, context.say)?;
    let (namespace, name, version) = (meta.text("namespace"), meta.text("name"), meta.text("version"));
    let file_name = format!("{namespace}-{name}-{version}.tar.gz");
    if file_name.contains('/') {
        return Err(failed(format!("'{file_name}' is no name of a file")));
    }
    let path = output.join(file_name);
    if path.is_dir() {
        return Err(failed(format!(
            "The output collection artifact '{}' already exists, but is a directory - aborting",
            path.display()
        )));
    }
    if path.exists() && !force {
        return Err(failed(format!(
            "The file '{}' already exists. You can use --force to re-create the collection artifact.",
            path.display()
        )));
    }
    let mut temporary = tempfile::NamedTempFile::new_in(output).map_err(io(output))?;
    pack(folder, &meta, &items, temporary.as_file_mut())?;
    temporary
        .as_file()
        .set_permissions(fs::Permissions::from_mode(0o666 & !umask(output)))
        .map_err(io(&path))?;
    temporary.persist(&path).map_err(|error| failed(format!("{}: {}", path.display(), error.error)))?;
    context.say.line(&format!("Created collection for {namespace}.{name} at {}", path.display()));
    Ok(path)
}

/// The mask of new files, as a new file in the folder shows it.
fn umask(folder: &Path) -> u32 {
    let probe = folder.join(format!(".rustible-{}", std::process::id()));
    let mode = File::create(&probe).and_then(|file| file.metadata()).map(|meta| meta.permissions().mode());
    let _removed = fs::remove_file(&probe);
    mode.map_or(0o022, |mode| 0o666 & !mode)
}

fn pack(folder: &Path, meta: &Meta, items: &[Item], file: &mut File) -> Result<(), Diagnostic> {
    let (files, manifest) = manifest::texts(meta, items);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    let lost = |error: std::io::Error| failed(format!("the archive: {error}"));
    for (name, text) in [("MANIFEST.json", &manifest), ("FILES.json", &files)] {
        let mut header = header(tar::EntryType::Regular, 0o644, now);
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, name, text.as_bytes()).map_err(lost)?;
    }
    for item in items.iter().filter(|item| item.name != ".") {
        let path = folder.join(&item.name);
        if path.is_symlink() {
            let target = path.canonicalize().map_err(|_| {
                failed(format!(
                    "Failed to find the target path '{}' for the symlink '{}'.",
                    crate::paths::complete(
                        &path.parent().unwrap_or(folder).join(fs::read_link(&path).unwrap_or_default())
                    )
                    .display(),
                    path.display()
                ))
            })?;
            if target.starts_with(folder) {
                let from = path.parent().unwrap_or(folder);
                let mut header = header(tar::EntryType::Symlink, 0o644, 0);
                header.set_size(0);
                builder.append_link(&mut header, &item.name, relative(&target, from)).map_err(lost)?;
                continue;
            }
        }
        let about = fs::metadata(&path).map_err(io(&path))?;
        let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let changed = changed.map_or(0, |since| since.as_secs());
        if about.is_dir() {
            let mut header = header(tar::EntryType::Directory, 0o755, changed);
            header.set_size(0);
            builder.append_data(&mut header, format!("{}/", item.name), std::io::empty()).map_err(lost)?;
        } else {
            let mode = if about.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            let data = fs::read(&path).map_err(io(&path))?;
            let mut header = header(tar::EntryType::Regular, mode, changed);
            header.set_size(data.len() as u64);
            builder.append_data(&mut header, &item.name, data.as_slice()).map_err(lost)?;
        }
    }
    let mut encoder = builder.into_inner().map_err(lost)?;
    encoder.flush().map_err(lost)?;
    encoder.finish().map_err(lost)?;
    Ok(())
}

fn header(kind: tar::EntryType, mode: u32, changed: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(changed);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// The way from a folder to a path.
fn relative(target: &Path, from: &Path) -> PathBuf {
    let from = from.canonicalize().unwrap_or_else(|_| from.to_path_buf());
    let shared = target.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..");
    up.map(PathBuf::from)
        .chain(target.components().skip(shared).map(|part| PathBuf::from(part.as_os_str())))
        .collect()
}

/// Install a source folder: what its archive would hold, as a folder.
pub(crate) fn build_folder(
    folder: &Path,
    output: &Path,
    meta: &Meta,
    context: &Context<'_>,
) -> Result<(), Diagnostic> {
    let mut items = manifest::files(folder, meta, context.say)?;
    fs::create_dir_all(output).map_err(io(output))?;
    let (files, manifest) = manifest::texts(meta, &items);
    archive::write(&output.join("MANIFEST.json"), manifest.as_bytes(), 0o644)?;
    archive::write(&output.join("FILES.json"), files.as_bytes(), 0o644)?;
    items.sort_by(|a, b| a.name.cmp(&b.name));
    for item in items.iter().filter(|item| item.name != ".") {
        let (from, to) = (folder.join(&item.name), output.join(&item.name));
        archive::parents(output, &to)?;
        if from.is_symlink() {
            let target = fs::read_link(&from).map_err(io(&from))?;
            archive::link(&to, &target.to_string_lossy())?;
        } else if from.is_dir() {
            fs::create_dir_all(&to).map_err(io(&to))?;
            fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).map_err(io(&to))?;
        } else {
            let about = fs::metadata(&from).map_err(io(&from))?;
            let mode = if about.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            archive::write(&to, &fs::read(&from).map_err(io(&from))?, mode)?;
        }
    }
    Ok(())
}
