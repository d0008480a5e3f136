//! `rustible links DIR`: links under the names of the reference's commands.

use std::path::PathBuf;

use clap::Parser;
use rustible_source::Diagnostic;

use super::NAMES;
use crate::{
    config::Config,
    exit::fail,
    setup::{redactor, screen},
};

/// Make links named `ansible-playbook`, `ansible` and so on that lead to this program.
#[derive(Debug, Parser)]
#[command(name = "rustible links")]
struct Args {
    /// Folder for the links; made when it is not there.
    dir: PathBuf,
}

pub(super) fn main(args: &[String]) -> u8 {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::default(), &redactor(), None);
    match link(&args.dir) {
        Ok(()) => {
            display.line(&format!("{} links to this program in {}", NAMES.len(), args.dir.display()), None);
            0
        }
        Err(error) => fail(&display, &error),
    }
}

fn link(dir: &PathBuf) -> Result<(), Diagnostic> {
    let program = std::env::current_exe()
        .map_err(|error| Diagnostic::new(format!("cannot find this program: {error}")))?;
    let failed = |error: std::io::Error| Diagnostic::new(format!("{}: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    for name in NAMES {
        let path = dir.join(name);
        let ours = std::fs::read_link(&path).is_ok_and(|target| target == program);
        if ours {
            continue;
        }
        match std::fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => std::fs::remove_file(&path).map_err(failed)?,
            Ok(_) => {
                return Err(Diagnostic::new(format!("{} is there already and is no link", path.display()))
                    .help("Name another folder, or move the file away."));
            }
            Err(_) => {}
        }
        std::os::unix::fs::symlink(&program, &path).map_err(failed)?;
    }
    Ok(())
}
