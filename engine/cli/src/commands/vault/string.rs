//! `encrypt_string`: a value for a YAML file.

use std::path::{Path, PathBuf};

use rustible_output::{Display, Sink};
use rustible_source::{Diagnostic, Kind};

use super::{chosen, input, known, seal, write};
use crate::{
    args::VaultArgs,
    setup::{ask_line, ask_password},
};

#[derive(Debug, clap::Args)]
pub(super) struct StringArgs {
    /// Strings to encrypt; standard input when there is none, or for `-`.
    strings: Vec<String>,
    /// Name of the variable.
    #[arg(short, long, allow_hyphen_values = true)]
    name: Vec<String>,
    /// Name of the variable whose value comes from standard input.
    #[arg(long)]
    stdin_name: Option<String>,
    /// Ask for the string.
    #[arg(short, long)]
    prompt: bool,
    /// Show what is typed.
    #[arg(long)]
    show_input: bool,
    /// Write to this file, `-` for standard output.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Label of the password to encrypt with.
    #[arg(long)]
    encrypt_vault_id: Option<String>,
    #[command(flatten)]
    vault: VaultArgs,
}

/// A variable's name, its text, and where the text is from.
type Entry = (Option<String>, Vec<u8>, &'static str);

pub(super) fn encrypt(args: &StringArgs, display: &Display) -> Result<(), Diagnostic> {
    if args.prompt && args.strings.iter().any(|text| text == "-") {
        let text = "The --prompt option is not supported if also reading input from stdin";
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    }
    let secrets = known(&args.vault)?;
    let secret = chosen(&secrets, args.encrypt_vault_id.as_deref())?;
    let entries = entries(args)?;
    let several = entries.len() > 1;
    let mut text = String::new();
    for (number, (name, plain, from)) in entries.iter().enumerate() {
        if several {
            let named = name.as_ref().map_or(String::new(), |name| format!("(\"{name}\", "));
            let close = if name.is_some() { ")" } else { "" };
            let line = format!(
                "# The encrypted version of variable {named}the string #{} from {from}{close}.",
                number + 1
            );
            display.show(Sink::Err, &line, None);
        }
        text.push_str(&block(name.as_deref(), &seal(plain, secret)?));
    }
    write(args.output.as_deref().unwrap_or(Path::new("-")), text.as_bytes())
}

fn entries(args: &StringArgs) -> Result<Vec<Entry>, Diagnostic> {
    let mut entries: Vec<Entry> = Vec::new();
    if args.prompt {
        let name = match args.name.first() {
            Some(name) => Some(name.clone()),
            None => Some(ask_line("Variable name (enter for no name): ")?).filter(|name| !name.is_empty()),
        };
        let prompt = "String to encrypt: ";
        let typed = if args.show_input { ask_line(prompt)? } else { ask_password(prompt)? };
        if !args.show_input && ask_password("Confirm String to encrypt: ")? != typed {
            return Err(Diagnostic::new("Passwords do not match"));
        }
        if typed.is_empty() {
            return Err(Diagnostic::new("The plaintext provided from the prompt was empty, not encrypting"));
        }
        entries.push((name, typed.into_bytes(), "the interactive prompt"));
    }
    let strings: Vec<&String> = args.strings.iter().filter(|text| *text != "-").collect();
    if strings.len() < args.strings.len() || strings.is_empty() && !args.prompt {
        let plain = input()?;
        if plain.is_empty() {
            return Err(Diagnostic::new("stdin was empty, not encrypting"));
        }
        entries.push((args.stdin_name.clone(), plain, "stdin"));
    }
    for (i, text) in strings.into_iter().enumerate() {
        if text.is_empty() {
            return Err(Diagnostic::new(
                "The plaintext provided from the command line args was empty, not encrypting",
            ));
        }
        entries.push((args.name.get(i).cloned(), text.clone().into_bytes(), "the command line args"));
    }
    Ok(entries)
}

/// `NAME: !vault |` and the envelope below it.
fn block(name: Option<&str>, sealed: &[u8]) -> String {
    let sealed = String::from_utf8_lossy(sealed);
    let body: String = sealed.lines().map(|line| format!("          {line}\n")).collect();
    let head = name.map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{head}!vault |\n{body}")
}
