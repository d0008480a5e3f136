//! `ansible.builtin.assemble`: a file of the fragments in a folder.

use rustible_sdk::{host::files::checksum_of, prelude::*};

/// Put fragments together to one file.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The folder.
    src: PathBuf,
    /// The file.
    dest: PathBuf,
    /// What comes between fragments.
    delimiter: Option<String>,
    /// Which names are taken.
    regexp: Option<String>,
    /// Leave out names with a dot in front.
    #[arg(default = false)]
    ignore_hidden: bool,
    /// Keep the old file beside.
    #[arg(default = false)]
    backup: bool,
    /// A command with `%s` that must accept the file first.
    validate: Option<String>,
    /// Whether the folder is the target's.
    #[arg(default = true)]
    remote_src: bool,
    /// Whether fragments of the controller are decrypted.
    #[arg(default = true)]
    decrypt: bool,
    #[arg(flatten)]
    file: FileAttrs,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    // Fragments of the controller arrive as a folder of the target.
    let _ = (args.remote_src, args.decrypt);
    let (src, dest) = (args.src.to_string_lossy().into_owned(), args.dest.to_string_lossy().into_owned());
    if !host.exists(&args.src)? {
        fail!("Source ({src}) does not exist");
    }
    if !host.is_dir(&args.src)? {
        fail!("Source ({src}) is not a directory");
    }
    let bad = |text: &String| {
        Pattern::new(text).map_err(|e| Failure::new(format!("Invalid Regexp ({e}) in \"{text}\"")))
    };
    let pattern = args.regexp.as_ref().map(bad).transpose()?;
    if let Some(validate) = args.validate.as_ref().filter(|text| !text.contains("%s")) {
        fail!("validate must contain %s: {validate}");
    }
    let mut fragments = Vec::new();
    for name in host.list(&args.src)? {
        let path = args.src.join(&name);
        let wanted = pattern.as_ref().is_none_or(|pattern| pattern.is_match(&name));
        let hidden = args.ignore_hidden && name.starts_with('.');
        if wanted && !hidden && host.stat(&path, true)?.is_some_and(|stat| stat.is_file()) {
            fragments.push(host.read(&path)?.unwrap_or_default());
        }
    }
    let content = joined(&fragments, args.delimiter.as_deref());
    let sum = checksum_of(&mut content.as_slice(), "sha1")?;
    let mut out = Outcome::new()
        .with("src", src)
        .with("dest", dest)
        .with("checksum", sum.as_str())
        .with("md5sum", checksum_of(&mut content.as_slice(), "md5")?);
    let before = host.read(&args.dest)?;
    if before.as_ref() != Some(&content) {
        if let (Some(old), Ok(new)) = (before.clone().map(String::from_utf8), std::str::from_utf8(&content))
            && let Ok(old) = old
        {
            host.diff_text(&args.dest.to_string_lossy(), &old, new);
        }
        let edit = Edit {
            backup: args.backup && before.is_some(),
            validate: args.validate.clone(),
            unsafe_writes: args.file.unsafe_writes,
            ..Edit::default()
        };
        let written = host.write(&args.dest, &mut content.as_slice(), &edit)?;
        out = out.with_some("backup_file", written.backup);
    }
    if host.exists(&args.dest)? {
        host.apply_attributes(&args.dest, &args.file, true)?;
    }
    let mut out = out.with("msg", "OK");
    host.add_path_info(&mut out.0, &args.dest)?;
    Ok(out)
}

/// Fragments, each on lines of its own.
fn joined(fragments: &[Vec<u8>], delimiter: Option<&str>) -> Vec<u8> {
    let delimiter = delimiter.filter(|text| !text.is_empty()).map(unescaped);
    let mut out: Vec<u8> = Vec::new();
    for (at, fragment) in fragments.iter().enumerate() {
        if at > 0 {
            if fragments.get(at - 1).is_some_and(|last| !last.ends_with(b"\n")) {
                out.push(b'\n');
            }
            if let Some(delimiter) = &delimiter {
                out.extend_from_slice(delimiter.as_bytes());
                if !delimiter.ends_with('\n') {
                    out.push(b'\n');
                }
            }
        }
        out.extend_from_slice(fragment);
    }
    out
}

/// A text with Python's usual escapes read.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            (_, Some('n')) => out.push('\n'),
            (_, Some('t')) => out.push('\t'),
            (_, Some('r')) => out.push('\r'),
            (_, Some(quoted @ ('\\' | '\'' | '"'))) => out.push(quoted),
            (_, Some(other)) => out.extend(['\\', other]),
            (c, None) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_never_run_together() {
        let parts = [b"a".to_vec(), b"b\n".to_vec(), b"c".to_vec()];
        assert_eq!(joined(&parts, None), b"a\nb\nc");
        assert_eq!(joined(&parts, Some("--\\n#")), b"a\n--\n#\nb\n--\n#\nc");
    }
}
