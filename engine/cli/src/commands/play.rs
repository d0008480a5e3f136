//! `ansible-playbook`, which is `rustible` itself.

use std::path::{Path, PathBuf};

use clap::{Parser, error::ErrorKind};
use rustible_output::{Artifacts, Display, Redactor};
use rustible_source::Diagnostic;

use super::{drive::drive, listing, version};
use crate::{
    args::Play,
    config::Config,
    exit::{USAGE, fail},
    setup::{self, Ready, begin, screen},
};

/// Show what clap says of a command line; the status.
pub(super) fn usage(error: &clap::Error) -> u8 {
    let _shown = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => USAGE,
    }
}

pub(super) fn main(args: &[String]) -> u8 {
    let program =
        args.first().map(|p| p.rsplit('/').next().unwrap_or_default().to_string()).unwrap_or_default();
    let play = match Play::try_parse_from(args) {
        Ok(play) => play,
        Err(error) => return usage(&error),
    };
    if play.version {
        return version::main(&program);
    }
    go(&play, args)
}

/// Run what a command line asks for; `args` are its words.
pub(super) fn go(play: &Play, args: &[String]) -> u8 {
    let (config, redactor) = match begin(&play.own, play.playbooks.first().map(PathBuf::as_path)) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    let artifacts = match artifacts(play, &config, args, &redactor) {
        Ok(artifacts) => artifacts,
        Err(error) => return fail(&screen(&Config::default(), &redactor, None), &error),
    };
    let display = screen(&config, &redactor, artifacts.as_ref());
    config.warnings.iter().for_each(|warning| display.warning(warning));
    let (status, canceled) = match run(play, &config, &display, artifacts.clone(), &redactor) {
        Ok(outcome) => outcome,
        Err(error) => (fail(&display, &error), false),
    };
    if let Some(artifacts) = artifacts
        && let Err(error) = artifacts.end(i32::from(status), canceled)
    {
        return fail(&display, &Diagnostic::new(format!("cannot write the run's artifacts: {error}")));
    }
    status
}

fn artifacts(
    play: &Play,
    config: &Config,
    args: &[String],
    redactor: &Redactor,
) -> Result<Option<Artifacts>, Diagnostic> {
    let base = play.own.artifacts.clone().or_else(|| config.paths("RUSTIBLE_ARTIFACTS").into_iter().next());
    let listing = play.syntax_check || play.list_tasks || play.list_tags || play.list_hosts;
    let Some(base) = base.filter(|_| !listing) else { return Ok(None) };
    let failed = |error: std::io::Error| {
        Diagnostic::new(format!("cannot write artifacts to {}: {error}", base.display()))
    };
    if config.flag("RUSTIBLE_ARTIFACTS_CLEAN") && base.is_dir() {
        clean(&base).map_err(failed)?;
    }
    let stamp =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let ident = play.own.ident.clone().unwrap_or_else(|| format!("{stamp:x}-{}", std::process::id()));
    Artifacts::begin(&base, &ident, args, redactor.clone()).map(Some).map_err(failed)
}

/// Remove earlier runs: only folders that are ones.
fn clean(base: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(base)? {
        let path = entry?.path();
        if path.join("job_events").is_dir() && path.join("status").is_file() {
            std::fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// A playbook as given, or in `playbooks/`, or of a collection by its full name.
fn find(name: &Path, play: &Play, config: &Config) -> Result<PathBuf, Diagnostic> {
    let beside = Path::new("playbooks").join(name);
    let found = [name.to_path_buf(), beside].into_iter().find(|path| path.exists());
    let of_collection = || setup::collection_playbook(play, config, name.to_str()?);
    let Some(path) = found.or_else(of_collection) else {
        return Err(Diagnostic::new(format!("the playbook: {} could not be found", name.display())));
    };
    if path.is_dir() {
        return Err(Diagnostic::new(format!(
            "the playbook: {} does not appear to be a file",
            name.display()
        )));
    }
    Ok(path)
}

fn run(
    play: &Play,
    config: &Config,
    display: &Display,
    artifacts: Option<Artifacts>,
    redactor: &Redactor,
) -> Result<(u8, bool), Diagnostic> {
    let files: Result<Vec<PathBuf>, _> = play.playbooks.iter().map(|name| find(name, play, config)).collect();
    if files.is_err() {
        setup::announce(play, config, display)?;
    }
    let files = files?;
    let Ready { runner } = setup::run(play, config, display.clone(), artifacts, redactor)?;
    if play.syntax_check || play.list_tasks || play.list_tags || play.list_hosts {
        return listing::show(&runner, &files, play, display).map(|()| (0, false));
    }
    drive(&runner, config, display, runner.run(&files))
}
