//! The terminal as output needs to know it, and the settings of what is printed.

use std::{
    fs::OpenOptions,
    io::{IsTerminal, Write},
    path::Path,
};

use rustible_output::{Artifacts, Color, Display, Log, Redactor, ResultFormat, Settings};
use rustible_source::{Diagnostic, Kind};

use crate::{args::Play, commands::version, config::Config};

/// The display of this process.
pub(crate) fn screen(config: &Config, redactor: &Redactor, artifacts: Option<&Artifacts>) -> Display {
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal();
    // A terminal that does not say what it is has no colours that anyone could know of.
    let plain = std::env::var("TERM").map_or(true, |term| matches!(term.as_str(), "" | "dumb" | "unknown"));
    let off = config
        .raw("NOCOLOR")
        .is_some_and(|(value, _)| !value.is_empty() && !matches!(value.as_str(), "0" | "false" | "no"));
    let color = config.flag("FORCE_COLOR") || terminal && !plain && !off;
    let columns = terminal
        .then(|| rustix::termios::tcgetwinsize(&stdout).ok())
        .flatten()
        .map(|size| size.ws_col as usize);
    let out: Box<dyn Write + Send> = Box::new(stdout);
    let out = match artifacts {
        Some(artifacts) => artifacts.tee(out),
        None => out,
    };
    let err = Box::new(std::io::stderr());
    Display::new(out, err, color, columns.filter(|c| *c > 0), redactor.clone())
}

/// Write what is shown to `log_path` as well.
///
/// # Errors
/// When the log's verbosity is no number.
pub(super) fn keep(config: &Config, display: &Display) -> Result<(), Diagnostic> {
    let verbosity = config.number("LOG_VERBOSITY")?.and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
    if let Some(path) = config.paths("DEFAULT_LOG_PATH").into_iter().next() {
        match log(&path, verbosity) {
            Ok(log) => display.log_to(log),
            Err(text) => display.warning(&text),
        }
    }
    Ok(())
}

/// `log_path`, opened; or why it is not.
fn log(path: &Path, verbosity: u8) -> Result<Log, String> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("DEFAULT_LOG_PATH can not be a directory '{shown}', aborting"));
    }
    let file =
        OpenOptions::new().append(true).create(true).open(path).map_err(|_| {
            format!("log file at '{shown}' is not writeable and we cannot create it, aborting")
        })?;
    let named = ["LOGNAME", "USER", "LNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let own = || {
        let uid = rustix::process::getuid().as_raw().to_string();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut found = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = found.find(|fields| fields.get(2) == Some(&uid.as_str()));
        found
            .and_then(|fields| fields.first().map(|name| (*name).to_string()))
            .unwrap_or(format!("uid={uid}"))
    };
    Ok(Log::new(file, named.filter(|name| !name.is_empty()).unwrap_or_else(own), verbosity))
}

/// What changes the text.
pub(super) fn settings(args: &Play, config: &Config, display: &Display) -> Result<Settings, Diagnostic> {
    let format = match config.text("CALLBACK_RESULT_FORMAT").as_deref() {
        None | Some("json") => ResultFormat::Json,
        Some("yaml") => ResultFormat::Yaml,
        Some(other) => {
            return Err(Diagnostic::new(format!(
                "callback_result_format = {other} is not known; there are json and yaml"
            ))
            .of_kind(Kind::Options));
        }
    };
    let number = |name: &str, default: usize| -> Result<usize, Diagnostic> {
        Ok(config.number(name)?.and_then(|n| usize::try_from(n).ok()).unwrap_or(default))
    };
    Ok(Settings {
        verbosity: verbosity(args, config)?,
        check: args.run.check,
        pretty: config.text("CALLBACK_FORMAT_PRETTY").map(|_| config.flag("CALLBACK_FORMAT_PRETTY")),
        format,
        yaml_width: match config.text("CALLBACK_RESULT_YAML_LINE_WIDTH").as_deref() {
            None | Some("default") => None,
            Some("no-break") => Some(i32::MAX),
            Some("terminal-width") => i32::try_from(display.columns()).ok(),
            Some(other) => {
                return Err(Diagnostic::new(format!(
                    "callback_result_yaml_line_width = {other} is not known; there are default, no-break and terminal-width"
                ))
                .of_kind(Kind::Options));
            }
        },
        indentation: number("CALLBACK_RESULT_INDENTATION", 4)?,
        ok_hosts: config.flag("DISPLAY_OK_HOSTS"),
        skipped_hosts: config.flag("DISPLAY_SKIPPED_HOSTS"),
        included_hosts: config.flag("DISPLAY_INCLUDED_HOSTS"),
        failed_stderr: config.flag("DISPLAY_FAILED_STDERR"),
        args: config.flag("DISPLAY_ARGS_TO_STDOUT"),
        path_on_failure: config.flag("SHOW_TASK_PATH_ON_FAILURE"),
        host_start: config.flag("SHOW_PER_HOST_START"),
        custom_stats: config.flag("SHOW_CUSTOM_STATS"),
        json_indent: Some(number("JSON_INDENT", 0)?).filter(|blanks| *blanks > 0),
        check_markers: config.flag("CHECK_MODE_MARKERS"),
        diff_context: number("DIFF_CONTEXT", 3)?,
        deprecations: config.flag("DEPRECATION_WARNINGS"),
        warnings: config.flag("SYSTEM_WARNINGS"),
    })
}

/// `-v`: which configuration file is in use; `-vv`: what this program is, too.
pub(crate) fn announce(args: &Play, config: &Config, display: &Display) -> Result<(), Diagnostic> {
    let verbosity = verbosity(args, config)?;
    if verbosity > 1 {
        let called = std::env::args().next().unwrap_or_default();
        let program = match called.rsplit('/').next() {
            Some("ansible-config") => "ansible-config",
            _ if args.adhoc.is_some() => "ansible",
            _ => "ansible-playbook",
        };
        display.line(&version::told(program, config), Some(Color::Verbose));
    }
    if verbosity > 0 {
        let text = match &config.file {
            Some(file) => format!("Using {} as config file", file.display()),
            None => "No config file found; using defaults".to_string(),
        };
        display.line(&text, Some(Color::Verbose));
    }
    Ok(())
}

/// Number of `-v`, with what the configuration adds.
pub(super) fn verbosity(args: &Play, config: &Config) -> Result<u8, Diagnostic> {
    let configured = config.number("DEFAULT_VERBOSITY")?.and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
    Ok(args.inventory.verbose.max(configured))
}
