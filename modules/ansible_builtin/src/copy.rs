//! `ansible.builtin.copy`: a content of the controller (attachment `content`) or a file of the target to its place.

use rustible_sdk::{
    Attachment,
    host::{files::checksum_of, temp::Temp},
    prelude::*,
};

/// Copy files to the target.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// File or folder of the target, with `remote_src`.
    src: Option<PathBuf>,
    /// The name the file has on the controller.
    #[arg(name = "_original_basename")]
    original_basename: Option<String>,
    /// The content itself.
    content: Option<String>,
    /// Where to.
    dest: PathBuf,
    /// Keep the old file beside the new one.
    #[arg(default = false)]
    backup: bool,
    /// Replace a file that differs.
    #[arg(default = true)]
    force: bool,
    /// A command with `%s` that must accept the new file.
    validate: Option<String>,
    /// Permissions of folders that are made.
    directory_mode: Option<Value>,
    /// `src` is on the target.
    #[arg(default = false)]
    remote_src: bool,
    /// Follow a link at the destination.
    #[arg(default = false)]
    follow: bool,
    /// Follow links below the source, with `remote_src`; the controller follows its own by itself.
    #[arg(default = false)]
    local_follow: bool,
    /// Decrypt vaults; the controller does it.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the controller's half has done it")]
    decrypt: bool,
    /// SHA-1 that the source must have.
    checksum: Option<String>,
    #[arg(flatten)]
    attrs: FileAttrs,
}

/// Where the content comes from.
enum Source {
    Attached(Attachment),
    Text(String),
    File(PathBuf),
}

/// Largest file whose difference is shown, in bytes.
const DIFF_LIMIT: u64 = 104_448;

pub(crate) fn run(mut args: Args, host: &mut Host) -> Result<Outcome> {
    let source = match (host.attachment_info("content"), &args.content, &args.src) {
        (Some(attachment), _, _) => Source::Attached(attachment),
        (None, Some(text), _) => Source::Text(text.clone()),
        (None, None, Some(path)) if args.remote_src => Source::File(path.clone()),
        (None, None, _) => fail!("src (or content) is required"),
    };
    if let Source::File(path) = &source {
        let shown = path.to_string_lossy();
        let Some(stat) = host.stat(path, true)? else { fail!("Source {shown} not found") };
        let preserve = args.attrs.mode.as_ref().and_then(Value::as_str) == Some("preserve");
        if stat.is_dir() {
            return folder(args, path, preserve, host);
        }
        if !stat.is_file() {
            fail!("Cannot copy invalid source '{shown}': not a file");
        }
        if preserve {
            args.attrs.mode = Some(own_mode(&stat));
        }
    }
    let result = file(&args, &source, &args.dest, host)?;
    Ok(Outcome(result))
}

/// The mode of a file, as an argument.
fn own_mode(stat: &std::fs::Metadata) -> Value {
    use std::os::unix::fs::MetadataExt;
    Value::from(format!("0{:o}", stat.mode() & 0o7777))
}

/// A folder of the target into another; with `preserve` each file keeps its mode.
fn folder(mut args: Args, src: &Path, preserve: bool, host: &mut Host) -> Result<Outcome> {
    let text = src.to_string_lossy();
    let inside = text.ends_with('/');
    let base = match (inside, src.file_name()) {
        (false, Some(name)) => args.dest.join(name),
        _ => args.dest.clone(),
    };
    let dirs = FileAttrs { mode: args.directory_mode.clone(), ..args.attrs.clone() };
    let mut waiting = vec![(src.to_path_buf(), base)];
    while let Some((from, to)) = waiting.pop() {
        host.still_wanted()?;
        let stat = host.stat(&from, args.local_follow || from == src)?;
        match stat {
            Some(stat) if stat.is_dir() => {
                if !host.is_dir(&to)? {
                    host.make_dirs(&to)?;
                    // Nothing below it needs a look to know that it changes.
                    if host.check_mode() {
                        continue;
                    }
                }
                host.apply_attributes(&to, &dirs, true)?;
                for name in host.list(&from)?.into_iter().rev() {
                    waiting.push((from.join(&name), to.join(&name)));
                }
            }
            Some(stat) if stat.is_symlink() => {
                let target = host.link_target(&from)?;
                let same = host.stat(&to, false)?.is_some_and(|s| s.is_symlink())
                    && host.link_target(&to)? == target;
                if !same {
                    host.symlink(target, &to)?;
                }
                if !host.check_mode() {
                    host.apply_attributes(&to, &FileAttrs { mode: None, ..args.attrs.clone() }, false)?;
                }
            }
            Some(stat) => {
                if preserve {
                    args.attrs.mode = Some(own_mode(&stat));
                }
                file(&args, &Source::File(from), &to, host)?;
            }
            None => {}
        }
    }
    let mut result = dict! { "dest" => args.dest.to_string_lossy().as_ref(), "src" => &*text };
    host.add_path_info(&mut result, &args.dest)?;
    Ok(Outcome(result))
}

fn name_of(args: &Args, source: &Source) -> Option<String> {
    match source {
        Source::File(path) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
        _ => args.original_basename.clone(),
    }
}

/// Where the file goes, its folder made when the destination is one, and whether it is.
fn place(args: &Args, source: &Source, dest: &Path, host: &mut Host) -> Result<(PathBuf, bool)> {
    let mut dest = dest.to_path_buf();
    let wants_folder = dest.to_string_lossy().ends_with('/');
    let mut made = Vec::new();
    if wants_folder && !host.exists(&dest)? {
        made =
            dest.ancestors().take_while(|p| !host.exists(p).unwrap_or(true)).map(Path::to_path_buf).collect();
        host.make_dirs(&dest)?;
    }
    if wants_folder || host.is_dir(&dest)? {
        let Some(name) = name_of(args, source) else { fail!("can not use content with a dir as dest") };
        dest = dest.join(name);
    }
    let dirs = FileAttrs { mode: args.directory_mode.clone(), ..args.attrs.clone() };
    for folder in made.iter().rev() {
        host.apply_attributes(folder, &dirs, true)?;
    }
    Ok((dest, wants_folder))
}

fn file(args: &Args, source: &Source, dest: &Path, host: &mut Host) -> Result<Dict> {
    let (dest, wants_folder) = place(args, source, dest, host)?;
    let shown = dest.to_string_lossy().into_owned();
    let sum = match source {
        Source::Attached(attachment) => attachment.sha1.clone(),
        Source::Text(text) => checksum_of(&mut text.as_bytes(), "sha1")?,
        Source::File(path) => host.checksum(path, "sha1")?,
    };
    if let Some(expected) = args.checksum.as_ref().filter(|expected| **expected != sum) {
        fail!(checksum = sum, expected_checksum = expected; "Copied file does not match the expected checksum. Transfer failed.");
    }
    let parent = dest.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is missing in check mode may be the work of a task before this one.
    let foreseen = host.check_mode() && !matches!(source, Source::File(_));
    if !wants_folder && !foreseen && !host.is_dir(parent)? {
        fail!("Destination directory {} does not exist", parent.display());
    }
    let stat = host.stat(&dest, args.follow)?;
    if stat.as_ref().is_some_and(|s| s.is_dir()) {
        fail!("can not overwrite the directory {shown} with a file");
    }
    let link = !args.follow && stat.as_ref().is_some_and(|s| s.is_symlink());
    let mut result = dict! { "dest" => shown.as_str() };
    if stat.is_some() && !args.force {
        result = dict! { "msg" => "file already exists", "dest" => shown.as_str(), "changed" => false };
        if let Source::File(path) = source {
            result.insert("src", path.to_string_lossy().as_ref());
        }
        return Ok(result);
    }
    let old = if stat.is_some() { host.checksum(&dest, "sha1").ok() } else { None };
    let mut written = false;
    if old.as_ref() != Some(&sum) || link {
        show_diff(host, source, &dest, stat.is_some())?;
        let how = Edit {
            backup: args.backup,
            validate: args.validate.clone(),
            unsafe_writes: args.attrs.unsafe_writes,
            replace_link: link,
            quiet: true,
        };
        let staged = staged(source, &dest, host)?;
        let mut content: Box<dyn std::io::Read> = match (source, &staged) {
            (_, Some(staged)) => Box::new(staged.open()?),
            (Source::File(path), None) if !host.check_mode() => host.open(path)?,
            _ => Box::new(std::io::empty()),
        };
        let done = host.write(&dest, &mut *content, &how).map_err(refused)?;
        if let Some(staged) = &staged {
            result.insert("src", staged.path().to_string_lossy().as_ref());
        }
        if let Some(backup) = done.backup {
            result.insert("backup_file", backup);
        }
        written = true;
        if !host.check_mode() {
            result.insert("md5sum", host.checksum(&dest, "md5")?);
        }
    }
    host.apply_attributes(&dest, &args.attrs, args.follow)?;
    result.insert("checksum", sum);
    match source {
        Source::File(path) => drop(result.insert("src", path.to_string_lossy().as_ref())),
        _ if written => {}
        _ => drop(result.insert("path", shown)),
    }
    if host.exists(&dest)? {
        host.add_path_info(&mut result, &dest)?;
    }
    Ok(result)
}

/// What the controller sent, among the temporary files: whole before anything is changed, and named in the result.
fn staged(source: &Source, dest: &Path, host: &Host) -> Result<Option<Temp>> {
    let mut content: Box<dyn std::io::Read> = match source {
        _ if host.check_mode() => return Ok(None),
        Source::File(_) => return Ok(None),
        Source::Attached(_) => host.attachment("content")?,
        Source::Text(text) => Box::new(std::io::Cursor::new(text.as_bytes())),
    };
    let ending = dest.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    host.staged(&format!(".source{ending}"), &mut *content).map(Some)
}

/// A refusal by `validate` as this module words it.
fn refused(mut failure: Failure) -> Failure {
    if failure.msg.starts_with("failed to validate: rc:") {
        failure.msg = "failed to validate".to_string();
        if let Some(rc) = failure.data.remove("rc") {
            failure.data.insert("exit_status", rc);
        }
    }
    failure
}

fn show_diff(host: &mut Host, source: &Source, dest: &Path, there: bool) -> Result<()> {
    if !host.wants_diff() {
        return Ok(());
    }
    let mut new = Vec::new();
    match source {
        Source::Attached(attachment) if attachment.size > DIFF_LIMIT => {}
        Source::Attached(_) => drop(std::io::Read::read_to_end(&mut *host.attachment("content")?, &mut new)?),
        Source::Text(text) => new.extend(text.as_bytes()),
        Source::File(path) => new = host.read(path)?.unwrap_or_default(),
    }
    let size = match source {
        Source::Attached(attachment) => attachment.size,
        _ => new.len() as u64,
    };
    let old = if there { host.read(dest)?.unwrap_or_default() } else { Vec::new() };
    let shown = dest.to_string_lossy().into_owned();
    let mut diff = Dict::new();
    if size > DIFF_LIMIT {
        diff.insert("src_larger", DIFF_LIMIT);
    }
    match (String::from_utf8(old), String::from_utf8(new)) {
        (Ok(old), Ok(new)) if !old.contains('\0') && !new.contains('\0') && size <= DIFF_LIMIT => {
            if there {
                diff.insert("before_header", shown.as_str());
            }
            diff.insert("before", old);
            diff.insert("after_header", shown);
            diff.insert("after", new);
        }
        _ if size <= DIFF_LIMIT => drop(diff.insert("src_binary", 1)),
        _ => {}
    }
    host.diff_value(diff);
    Ok(())
}
