//! `rekey`: another password for encrypted files.

use std::path::PathBuf;

use rustible_output::{Display, Sink};
use rustible_source::Diagnostic;
use rustible_vault::Secrets;

use super::{chosen, failed, known, read, save, seal};
use crate::{
    args::VaultArgs,
    setup::{add_secrets, ask_password},
};

#[derive(Debug, clap::Args)]
pub(super) struct RekeyArgs {
    /// Files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// `LABEL@SOURCE` of the new password.
    #[arg(long, value_name = "ID")]
    new_vault_id: Option<String>,
    /// File or program with the new password.
    #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
    new_vault_password_file: Option<String>,
    /// Label of the new password, where there are several.
    #[arg(long)]
    encrypt_vault_id: Option<String>,
    #[command(flatten)]
    vault: VaultArgs,
}

pub(super) fn rekey(args: &RekeyArgs, display: &Display) -> Result<(), Diagnostic> {
    let old = known(&args.vault)?;
    let new = new(args)?;
    let secret = chosen(&new, args.encrypt_vault_id.as_deref())?;
    for file in &args.files {
        let plain = old.decrypt(&read(file)?).map_err(|error| failed("rekey", file, error))?;
        save(file, &seal(&plain, secret)?)?;
    }
    display.show(Sink::Err, "Rekey successful", None);
    Ok(())
}

/// The new password: named, or typed twice.
fn new(args: &RekeyArgs) -> Result<Secrets, Diagnostic> {
    let mut found = Secrets::new();
    let ids: Vec<String> = args.new_vault_id.clone().into_iter().collect();
    let files: Vec<String> = args.new_vault_password_file.clone().into_iter().collect();
    if let Some(error) = add_secrets(&mut found, &ids, &files)? {
        return Err(error);
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let first = ask_password("New Vault password: ")?;
    if first != ask_password("Confirm New Vault password: ")? {
        return Err(Diagnostic::new("Passwords do not match"));
    }
    found.add(rustible_vault::Secret::new("default", first));
    Ok(found)
}
