//! `ansible-vault`: encrypt, decrypt and view files and strings.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand};
use rustible_source::{Diagnostic, Kind};
use rustible_vault::{Secrets, is_encrypted};

use crate::{
    args::VaultArgs,
    config::Config,
    exit::fail,
    setup::{redactor, screen, secrets},
};

/// Encryption of files and strings.
#[derive(Debug, Parser)]
#[command(name = "ansible-vault", disable_version_flag = true)]
struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show a vault's content.
    View(FilesArgs),
    /// Decrypt files in place.
    Decrypt(FilesArgs),
    /// Encrypt files in place.
    Encrypt(FilesArgs),
    /// Encrypt a string for a YAML file.
    #[command(name = "encrypt_string")]
    EncryptString(StringArgs),
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

#[derive(Debug, clap::Args)]
struct StringArgs {
    /// Strings to encrypt; standard input when there is none.
    strings: Vec<String>,
    /// Name of the variable.
    #[arg(short, long)]
    name: Vec<String>,
    /// Name of the variable whose value comes from standard input.
    #[arg(long)]
    stdin_name: Option<String>,
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
    let outcome = match &args.action {
        Action::View(files) => view(files),
        Action::Decrypt(files) => change(files, &|bytes, secrets| secrets.decrypt(bytes).map_err(said)),
        Action::Encrypt(files) => {
            let label = files.encrypt_vault_id.clone();
            change(files, &move |bytes, secrets| encrypt(bytes, secrets, label.as_deref()))
        }
        Action::EncryptString(strings) => encrypt_strings(strings),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => fail(&display, &error),
    }
}

fn said(error: rustible_vault::VaultError) -> Diagnostic {
    Diagnostic::new(error.to_string())
}

fn known(vault: &VaultArgs) -> Result<Secrets, Diagnostic> {
    let config = Config::load()?;
    let mut all = secrets(vault, &config)?;
    if all.is_empty() {
        let asked = VaultArgs { ask_vault_password: true, ..VaultArgs::default() };
        all = secrets(&asked, &config)?;
    }
    Ok(all)
}

fn encrypt(bytes: &[u8], secrets: &Secrets, label: Option<&str>) -> Result<Vec<u8>, Diagnostic> {
    if label.is_none() && secrets.ids().count() > 1 {
        let ids: Vec<&str> = secrets.ids().collect();
        return Err(Diagnostic::new(format!(
            "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
            ids.join(",")
        ))
        .of_kind(Kind::Options));
    }
    let secret = secrets.for_encryption(label).map_err(said)?;
    let id = Some(secret.id()).filter(|id| *id != "default");
    secret.encrypt(bytes, id).map_err(said)
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
    std::fs::read(path)
        .map_err(|error| Diagnostic::new(format!("Unable to read source file ({}): {error}", path.display())))
}

fn view(args: &FilesArgs) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    for file in &args.files {
        let bytes = read(file)?;
        if !is_encrypted(&bytes) {
            return Err(Diagnostic::new(format!("input is not vault encrypted data for {}", file.display())));
        }
        out(&secrets.decrypt(&bytes).map_err(said)?)?;
    }
    Ok(())
}

type Change = dyn Fn(&[u8], &Secrets) -> Result<Vec<u8>, Diagnostic>;

fn change(args: &FilesArgs, change: &Change) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Diagnostic::new("At most one input file may be used with the --output option")
            .of_kind(Kind::Options));
    }
    let files = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    for file in &files {
        let changed = change(&read(file)?, &secrets)?;
        let to = args.output.as_deref().unwrap_or(file);
        if to == Path::new("-") {
            out(&changed)?;
        } else {
            save(to, &changed)?;
        }
    }
    Ok(())
}

/// Replace a file in one step, for nobody else to read.
fn save(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let failed = |error: std::io::Error| Diagnostic::new(format!("{}: {error}", path.display()));
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

fn encrypt_strings(args: &StringArgs) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    let mut texts: Vec<(Option<String>, Vec<u8>)> = Vec::new();
    for (i, text) in args.strings.iter().enumerate() {
        texts.push((args.name.get(i).cloned(), text.clone().into_bytes()));
    }
    if texts.is_empty() {
        texts.push((args.stdin_name.clone().or_else(|| args.name.first().cloned()), input()?));
    }
    for (name, text) in texts {
        let sealed = encrypt(&text, &secrets, args.encrypt_vault_id.as_deref())?;
        let sealed = String::from_utf8_lossy(&sealed).into_owned();
        let indent = 10;
        let body: String = sealed.lines().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect();
        let head = name.map(|name| format!("{name}: ")).unwrap_or_default();
        out(format!("{head}!vault |\n{body}").as_bytes())?;
    }
    Ok(())
}
