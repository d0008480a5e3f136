//! `ansible.builtin.shell`: a line for the shell of the target.

use rustible_sdk::prelude::*;

use crate::exec;

/// Run a command line with a shell.
#[derive(Args)]
#[args(check = partial, free_form)]
pub(crate) struct Args {
    /// The line.
    #[arg(name = "_raw_params")]
    raw: Option<String>,
    /// The line.
    cmd: Option<String>,
    /// Folder to run in.
    chdir: Option<PathBuf>,
    /// Shell to run it with.
    executable: Option<PathBuf>,
    /// When a path matches this pattern, the line is not run.
    creates: Option<PathBuf>,
    /// When no path matches this pattern, the line is not run.
    removes: Option<PathBuf>,
    /// What the shell reads.
    stdin: Option<String>,
    /// Put a newline behind `stdin`.
    #[arg(default = true)]
    stdin_add_newline: bool,
    /// Cut the newlines off the end of what it writes.
    #[arg(default = true)]
    strip_empty_ends: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let raw = args.raw.filter(|raw| !raw.trim().is_empty());
    exec::exactly_one([raw.is_some(), args.cmd.is_some(), false])?;
    let line = raw.or(args.cmd).unwrap_or_default();
    let text = |path: Option<PathBuf>| {
        path.map(|path| path.to_string_lossy().into_owned()).filter(|p| !p.is_empty())
    };
    let shell = text(args.executable).unwrap_or_else(|| "/bin/sh".to_string());
    let plan = exec::Plan {
        argv: vec![shell, "-c".to_string(), line.clone()],
        shown: Value::from(line),
        chdir: args.chdir,
        creates: text(args.creates),
        removes: text(args.removes),
        stdin: args.stdin,
        stdin_add_newline: args.stdin_add_newline,
        strip_empty_ends: args.strip_empty_ends,
    };
    exec::run(plan, host)
}
