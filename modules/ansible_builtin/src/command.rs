//! `ansible.builtin.command`: a program with arguments, no shell; and with `_uses_shell` what `shell` is made of.

use rustible_sdk::{
    host::command::{quote, split},
    prelude::*,
};

use crate::exec;

/// Run a command without a shell.
#[derive(Args)]
#[args(check = partial, free_form)]
pub(crate) struct Args {
    /// Variables in words are replaced by what the environment has.
    #[arg(default = true)]
    expand_argument_vars: bool,
    /// The command as one text.
    #[arg(name = "_raw_params")]
    raw: Option<String>,
    /// Whether a shell runs it.
    #[arg(name = "_uses_shell", default = false)]
    uses_shell: bool,
    /// The command as one text.
    cmd: Option<String>,
    /// The command as a list of words.
    argv: Option<Vec<String>>,
    /// Folder to run in.
    chdir: Option<PathBuf>,
    /// Shell to run it with.
    executable: Option<String>,
    /// When a path matches this pattern, the command is not run.
    creates: Option<PathBuf>,
    /// When no path matches this pattern, the command is not run.
    removes: Option<PathBuf>,
    /// What the command reads.
    stdin: Option<String>,
    /// Put a newline behind `stdin`.
    #[arg(default = true)]
    stdin_add_newline: bool,
    /// Strip empty lines from the ends of output.
    #[arg(default = true)]
    strip_empty_ends: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let raw = args.raw.filter(|raw| !raw.trim().is_empty());
    exec::exactly_one([raw.is_some(), args.cmd.is_some(), args.argv.is_some()])?;
    let text = raw.or(args.cmd);
    let argv = args.argv.unwrap_or_default();
    let (argv, shown) = if args.uses_shell {
        let line = match text {
            Some(text) => text,
            None => argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
        };
        let shell = args.executable.filter(|e| !e.is_empty()).unwrap_or_else(|| "/bin/sh".to_string());
        (vec![shell, "-c".to_string(), line.clone()], Value::from(line))
    } else {
        let words = match text {
            Some(text) => split(&text).map_err(Failure::new)?,
            None => argv,
        };
        let shown: Vec<Value> = words.iter().map(Value::from).collect();
        if args.executable.is_some() {
            host.warn(format!(
                "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. Not using '{}'.",
                args.executable.unwrap_or_default()
            ));
        }
        let expand = |word: &String| if args.expand_argument_vars { host.expand(word) } else { word.clone() };
        (words.iter().map(expand).collect(), Value::from(shown))
    };
    let text = |path: Option<PathBuf>| {
        path.map(|path| path.to_string_lossy().into_owned()).filter(|p| !p.is_empty())
    };
    let plan = exec::Plan {
        argv,
        shown,
        chdir: args.chdir,
        creates: text(args.creates),
        removes: text(args.removes),
        stdin: args.stdin,
        stdin_add_newline: args.stdin_add_newline,
        strip_empty_ends: args.strip_empty_ends,
    };
    exec::run(plan, host)
}
