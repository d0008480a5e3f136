//! `create` and `edit`: plain text exists in a private folder only while the editor runs.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use rustible_source::Diagnostic;

use super::{FilesArgs, chosen, failed, known, label, read, save, seal, seal_as};
use crate::{args::VaultArgs, config::Config};

#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// The new file.
    file: PathBuf,
    /// Start the editor without a terminal as well.
    #[arg(long)]
    skip_tty_check: bool,
    /// Label of the password to encrypt with.
    #[arg(long)]
    encrypt_vault_id: Option<String>,
    #[command(flatten)]
    vault: VaultArgs,
}

pub(super) fn create(args: &CreateArgs) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    let secret = chosen(&secrets, args.encrypt_vault_id.as_deref())?;
    if !args.skip_tty_check && !io::stdout().is_terminal() {
        return Err(Diagnostic::new("not a tty, editor cannot be opened"));
    }
    if args.file.exists() {
        let text = format!("{} exists, please use 'edit' instead", args.file.display());
        return Err(Diagnostic::new(text));
    }
    if let Some(folder) = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|error| Diagnostic::new(format!("{}: {error}", folder.display())))?;
    }
    let written = edited(&[], &args.file)?;
    save(&args.file, &seal(&written, secret)?)
}

pub(super) fn edit(args: &FilesArgs) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    for file in &args.files {
        let sealed = read(file)?;
        let (plain, used) = secrets.decrypt_with(&sealed).map_err(|error| failed("edit", file, error))?;
        let changed = edited(&plain, file)?;
        if changed == plain {
            continue;
        }
        // The file keeps its password and its label unless another one is asked for.
        let written = written_label(&sealed);
        let (secret, label) = match args.encrypt_vault_id.as_deref() {
            Some(id) => chosen(&secrets, Some(id)).map(|secret| (secret, label(secret)))?,
            None => (used, written.as_deref()),
        };
        save(file, &seal_as(&changed, secret, label)?)?;
    }
    Ok(())
}

/// The label in the first line of an envelope.
fn written_label(sealed: &[u8]) -> Option<String> {
    let line = sealed.split(|byte| *byte == b'\n').next()?;
    let label = String::from_utf8_lossy(line).trim().splitn(4, ';').nth(3)?.to_string();
    (!label.is_empty() && label != "default").then_some(label)
}

/// The text as the editor leaves it.
fn edited(plain: &[u8], file: &Path) -> Result<Vec<u8>, Diagnostic> {
    let stamp =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let base = Config::load()?.local_temp();
    let folder = base.join(format!("rustible-vault-{}-{stamp:x}", std::process::id()));
    let lost = |error: io::Error| Diagnostic::new(format!("{}: {error}", folder.display()));
    DirBuilder::new().mode(0o700).create(&folder).map_err(lost)?;
    // Editors go by the ending.
    let ending = file.extension().map_or(String::new(), |ending| format!(".{}", ending.to_string_lossy()));
    let path = folder.join(format!("text{ending}"));
    let outcome = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(plain))
        .map_err(lost)
        .and_then(|()| open(&path))
        .and_then(|()| fs::read(&path).map_err(lost));
    wipe(&folder);
    outcome
}

fn open(path: &Path) -> Result<(), Diagnostic> {
    let editor = env::var("ANSIBLE_EDITOR").or_else(|_| env::var("EDITOR")).unwrap_or_else(|_| "vi".into());
    let status =
        Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Diagnostic::new(format!("the editor '{editor}' ended with {status}"))),
        Err(error) => Err(Diagnostic::new(format!("Unable to execute the command \"{editor}\": {error}"))),
    }
}

/// Overwrite and remove everything in the folder, what the editor left behind as well.
fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let length = entry.metadata().map_or(0, |meta| meta.len());
        if let Ok(mut file) = OpenOptions::new().write(true).open(entry.path()) {
            let _copied = io::copy(&mut io::Read::take(io::repeat(0), length), &mut file);
            let _kept = file.sync_all();
        }
    }
    let _removed = fs::remove_dir_all(folder);
}
