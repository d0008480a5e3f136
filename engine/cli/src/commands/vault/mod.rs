//! `ansible-vault`: encrypted files and strings.

mod edit;
mod files;
mod rekey;
mod string;

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand};
use rustible_output::Display;
use rustible_protocol::Origin;
use rustible_source::{Diagnostic, Kind};
use rustible_vault::{Secret, Secrets};

use crate::{
    args::VaultArgs,
    config::Config,
    exit::fail,
    setup::{redactor, screen, secrets},
};

/// Encryption of files and strings.
#[derive(Debug, Parser)]
#[command(name = "ansible-vault", disable_version_flag = true, infer_long_args = true)]
struct Args {
    #[command(subcommand)]
    action: Action,
    /// More detail; up to six times.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a new encrypted file in an editor.
    Create(edit::CreateArgs),
    /// Change encrypted files in an editor.
    Edit(FilesArgs),
    /// Show a vault's content.
    View(FilesArgs),
    /// Decrypt files in place.
    Decrypt(FilesArgs),
    /// Encrypt files in place.
    Encrypt(FilesArgs),
    /// Encrypt files with another password.
    Rekey(rekey::RekeyArgs),
    /// Encrypt a string for a YAML file.
    #[command(name = "encrypt_string")]
    EncryptString(string::StringArgs),
}

#[derive(Debug, clap::Args)]
struct FilesArgs {
    /// Files; standard input when there is none.
    files: Vec<PathBuf>,
    /// Write to this file, `-` for standard output.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Label of the password to encrypt with.
    #[arg(long)]
    encrypt_vault_id: Option<String>,
    #[command(flatten)]
    vault: VaultArgs,
}

pub(super) fn main(args: &[String]) -> u8 {
    if args.get(1).is_some_and(|word| word == "--version") {
        return super::version::main("ansible-vault");
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::default(), &redactor(), None);
    if let Err(error) = said_config(args.verbose, &display) {
        return fail(&display, &error);
    }
    let outcome = match &args.action {
        Action::Create(create) => edit::create(create),
        Action::Edit(files) => edit::edit(files),
        Action::View(args) => files::view(args),
        Action::Decrypt(args) => files::decrypt(args),
        Action::Encrypt(args) => files::encrypt(args),
        Action::Rekey(rekey) => rekey::rekey(rekey, &display),
        Action::EncryptString(strings) => string::encrypt(strings, &display),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => fail(&display, &error),
    }
}

/// `-v`: which configuration file is in use.
fn said_config(verbose: u8, display: &Display) -> Result<(), Diagnostic> {
    if verbose > 0 {
        let file = Config::load()?.file;
        let text = file.map_or_else(
            || "No config file found; using defaults".to_string(),
            |file| format!("Using {} as config file", file.display()),
        );
        display.line(&text, Some(rustible_output::Color::Verbose));
    }
    Ok(())
}

fn said(error: rustible_vault::VaultError) -> Diagnostic {
    Diagnostic::new(error.to_string())
}

/// What went wrong with a file.
fn failed(what: &str, file: &Path, error: rustible_vault::VaultError) -> Diagnostic {
    let full = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let place = Origin::new(&full.display().to_string().into(), 0, 0);
    // What is changed in place is named in full.
    let named = if what == "decrypt" { full.as_path() } else { file };
    said(error).at(Some(&place)).context(format!("Failed to {what} '{}'", named.display()), None).apart()
}

/// The passwords; asked for when none is named.
fn known(vault: &VaultArgs) -> Result<Secrets, Diagnostic> {
    let config = Config::load()?;
    let mut all = secrets(vault, &config)?;
    if all.is_empty() {
        let asked = VaultArgs { ask_vault_password: true, ..VaultArgs::default() };
        all = secrets(&asked, &config)?;
    }
    Ok(all)
}

/// The password to encrypt with: that of the label, else the only one.
fn chosen<'a>(secrets: &'a Secrets, label: Option<&str>) -> Result<&'a Secret, Diagnostic> {
    let configured = Config::load()?.text("DEFAULT_VAULT_ENCRYPT_IDENTITY");
    let label = label.or(configured.as_deref());
    let ids: Vec<&str> = secrets.ids().collect();
    if label.is_none() && ids.len() > 1 {
        return Err(Diagnostic::new(format!(
            "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
            ids.join(",")
        ))
        .of_kind(Kind::Options));
    }
    if let Some(label) = label
        && !ids.contains(&label)
    {
        return Err(Diagnostic::new(
            format!("Did not find a match for --encrypt-vault-id={label}")
                + &format!(" in the known vault-ids [{}]", quoted(&ids)),
        ));
    }
    secrets.for_encryption(label).map_err(said)
}

fn quoted(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ")
}

/// The envelope; the default label is not written into it.
fn seal(bytes: &[u8], secret: &Secret) -> Result<Vec<u8>, Diagnostic> {
    seal_as(bytes, secret, label(secret))
}

/// The envelope with that label, with the configured salt when there is one.
fn seal_as(bytes: &[u8], secret: &Secret, label: Option<&str>) -> Result<Vec<u8>, Diagnostic> {
    let sealed = match Config::load()?.text("VAULT_ENCRYPT_SALT") {
        Some(salt) => secret.encrypt_with_salt(bytes, label, salt.as_bytes()),
        None => secret.encrypt(bytes, label),
    };
    sealed.map_err(said)
}

fn label(secret: &Secret) -> Option<&str> {
    Some(secret.id()).filter(|id| *id != "default")
}

fn out(bytes: &[u8]) -> Result<(), Diagnostic> {
    let mut stdout = std::io::stdout();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Diagnostic::new(error.to_string()))
}

fn input() -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    if path == Path::new("-") {
        return input();
    }
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    std::fs::read(&full).map_err(|error| {
        let shown = full.display();
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => format!("[Errno 2] No such file or directory: '{shown}'"),
            std::io::ErrorKind::PermissionDenied => format!("[Errno 13] Permission denied: '{shown}'"),
            _ => error.to_string(),
        };
        Diagnostic::new(format!("Unable to read source file ({shown}): {reason}"))
    })
}

/// To a file, or to standard output for `-`.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    if path == Path::new("-") { out(bytes) } else { save(path, bytes) }
}

/// Replace a file in one step, for nobody else to read. A link stays one.
fn save(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let failed = |error: std::io::Error| Diagnostic::new(format!("{}: {error}", path.display()));
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mode = std::fs::metadata(path).map_or(0o600, |meta| meta.permissions().mode() & 0o7777);
    let mut temporary = path.as_os_str().to_os_string();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let mut file = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    file.set_permissions(std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
