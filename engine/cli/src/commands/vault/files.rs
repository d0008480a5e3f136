//! `view`, `decrypt`, `encrypt`.

use std::path::{Path, PathBuf};

use rustible_source::{Diagnostic, Kind};
use rustible_vault::{Secrets, is_encrypted};

use super::{FilesArgs, chosen, failed, known, out, read, seal, write};

pub(super) fn view(args: &FilesArgs) -> Result<(), Diagnostic> {
    let secrets = known(&args.vault)?;
    for file in &args.files {
        let bytes = read(file)?;
        out(&secrets.decrypt(&bytes).map_err(|error| failed("view", file, error))?)?;
    }
    Ok(())
}

pub(super) fn decrypt(args: &FilesArgs) -> Result<(), Diagnostic> {
    change(args, &|file, bytes, secrets| {
        secrets.decrypt(bytes).map_err(|error| failed("decrypt", file, error))
    })
}

pub(super) fn encrypt(args: &FilesArgs) -> Result<(), Diagnostic> {
    change(args, &|_, bytes, secrets| {
        if is_encrypted(bytes) {
            return Err(Diagnostic::new("input is already encrypted"));
        }
        seal(bytes, chosen(secrets, args.encrypt_vault_id.as_deref())?)
    })
}

type Change<'a> = dyn Fn(&Path, &[u8], &Secrets) -> Result<Vec<u8>, Diagnostic> + 'a;

fn change(args: &FilesArgs, change: &Change<'_>) -> Result<(), Diagnostic> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Diagnostic::new("At most one input file may be used with the --output option")
            .of_kind(Kind::Options));
    }
    let secrets = known(&args.vault)?;
    let files = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    for file in &files {
        let changed = change(file, &read(file)?, &secrets)?;
        write(args.output.as_deref().unwrap_or(file), &changed)?;
    }
    Ok(())
}
