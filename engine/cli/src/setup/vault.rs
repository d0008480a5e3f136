//! Passwords of vaults: from files, programs and people.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

use rustible_source::Diagnostic;
use rustible_vault::{Secret, Secrets};

use crate::{
    args::VaultArgs,
    config::{Config, expand},
    setup::{ask, redactor, screen},
};

/// All passwords, in the order they are to be tried.
pub(crate) fn secrets(args: &VaultArgs, config: &Config) -> Result<Secrets, Diagnostic> {
    let mut secrets = Secrets::new().only_matching(config.flag("DEFAULT_VAULT_ID_MATCH"));
    let mut ids: Vec<String> = config.list("DEFAULT_VAULT_IDENTITY_LIST");
    ids.extend(args.vault_id.iter().cloned());
    let mut files = args.vault_password_file.clone();
    // The configured one is there beside those that are named.
    files.extend(config.paths("DEFAULT_VAULT_PASSWORD_FILE").iter().map(|p| p.display().to_string()));
    let refused = add(&mut secrets, &ids, &files)?;
    if args.ask_vault_password || config.flag("DEFAULT_ASK_VAULT_PASS") {
        secrets.add(Secret::new("default", ask::password("Vault password: ")?));
    }
    // One password that can be had is enough.
    match refused {
        Some(error) if secrets.is_empty() => Err(error),
        _ => Ok(secrets),
    }
}

/// The passwords of these identities and files. Those that cannot be had are warned of; the last error comes back.
pub(crate) fn add(
    secrets: &mut Secrets,
    ids: &[String],
    files: &[String],
) -> Result<Option<Diagnostic>, Diagnostic> {
    let display = screen(&Config::default(), &redactor(), None);
    let mut refused = None;
    let mut from = |secrets: &mut Secrets, label: &str, source: &str| match from_file(source, label) {
        Ok(password) => secrets.add(Secret::new(label, password)),
        Err((what, error)) => {
            display.warning(&format!("{what} ({label}): {}", error.summary()));
            refused = Some(error);
        }
    };
    for id in ids {
        let (label, source) = id.split_once('@').map_or(("default", id.as_str()), |(label, source)| {
            (if label.is_empty() { "default" } else { label }, source)
        });
        if matches!(source, "prompt" | "prompt_ask_vault_pass") {
            let prompt = if source == "prompt" {
                format!("Vault password ({label}): ")
            } else {
                "Vault password: ".into()
            };
            secrets.add(Secret::new(label, ask::password(&prompt)?));
        } else {
            from(secrets, label, source);
        }
    }
    for file in files {
        from(secrets, "default", file);
    }
    Ok(refused)
}

/// A file's content, or what the program in it prints; else what could not be done with it, and why.
fn from_file(name: &str, label: &str) -> Result<String, (&'static str, Diagnostic)> {
    let expanded = expand(name);
    let absolute = std::path::absolute(&expanded).unwrap_or_else(|_| expanded.into());
    let path = absolute.as_path();
    let meta = std::fs::metadata(path).map_err(|_| {
        let error = Diagnostic::new(format!("The vault password file {} was not found", path.display()));
        ("Error getting vault password file", error)
    })?;
    content(path, &meta, label).map_err(|error| ("Error in vault password file loading", error))
}

fn content(path: &Path, meta: &std::fs::Metadata, label: &str) -> Result<String, Diagnostic> {
    let text = if meta.permissions().mode() & 0o111 != 0 {
        let mut command = Command::new(std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()));
        let client = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
        if client {
            command.args(["--vault-id", label]);
        }
        let output = command.output().map_err(|error| {
            Diagnostic::new(format!("Problem running vault password script {}: {error}", path.display()))
        })?;
        if !output.status.success() {
            return Err(Diagnostic::new(format!(
                "Vault password script {} ended with {}",
                path.display(),
                output.status
            )));
        }
        output.stdout
    } else {
        std::fs::read(path).map_err(|error| {
            Diagnostic::new(format!("Could not read vault password file {}: {error}", path.display()))
        })?
    };
    let text = String::from_utf8_lossy(&text).trim().to_string();
    if text.is_empty() {
        return Err(Diagnostic::new(format!(
            "Invalid vault password was provided from file ({})",
            path.display()
        )));
    }
    Ok(text)
}
