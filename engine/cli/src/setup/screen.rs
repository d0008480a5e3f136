//! The terminal as output needs to know it, and the settings of what is printed.

use std::io::{IsTerminal, Write};

use rustible_output::{Artifacts, Color, Display, Redactor, ResultFormat, Settings};
use rustible_source::{Diagnostic, Kind};

use crate::{args::Play, config::Config};

/// The display of this process.
pub(crate) fn screen(config: &Config, redactor: &Redactor, artifacts: Option<&Artifacts>) -> Display {
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal();
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    let off = config
        .raw("NOCOLOR")
        .is_some_and(|(value, _)| !value.is_empty() && !matches!(value.as_str(), "0" | "false" | "no"));
    let color = config.flag("FORCE_COLOR") || terminal && !dumb && !off;
    let columns = terminal
        .then(|| rustix::termios::tcgetwinsize(&stdout).ok())
        .flatten()
        .map(|size| size.ws_col as usize);
    let out: Box<dyn Write + Send> = Box::new(stdout);
    let out = match artifacts {
        Some(artifacts) => artifacts.tee(out),
        None => out,
    };
    Display::new(out, Box::new(std::io::stderr()), color, columns.filter(|c| *c > 0), redactor.clone())
}

/// What changes the text.
pub(super) fn settings(args: &Play, config: &Config) -> Result<Settings, Diagnostic> {
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
        yaml_width: None,
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

/// `-v`: which configuration file is in use.
pub(super) fn announce(args: &Play, config: &Config, display: &Display) -> Result<(), Diagnostic> {
    if verbosity(args, config)? > 0 {
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
