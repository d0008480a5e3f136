//! The ways to start a foreign module.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustible_protocol::{Call, Dict, Foreign, Style, Value, json, repr};
use rustible_sdk::{Command, Failure, Host, Output, base64, host::command::quote};

use super::keep;
use crate::{files, job};

/// Starts a packed module.
const BOOT: &str = include_str!("boot.py");

/// Python reads what starts the module, with the arguments in it, from its standard input.
pub(super) fn python(
    call: &Call,
    foreign: &Foreign,
    host: &Host,
    interpreter: &[String],
) -> Result<Output, Failure> {
    let archive = keep::archive(&foreign.payload, host)?;
    let mut all = Dict::new();
    all.insert("ANSIBLE_MODULE_ARGS", call.args.clone());
    let text = |text: &str| json::dumps(&Value::str(text));
    let script = format!(
        "{BOOT}start({}, {}, '{}')\n",
        text(&archive.path().to_string_lossy()),
        text(&foreign.full_name),
        base64(json::dumps(&Value::Dict(all)).as_bytes())
    );
    host.query(&shell(foreign, &interpreter.join(" ")).stdin(script))
}

/// The module's text with the arguments put in goes to its interpreter's standard input.
pub(super) fn with_arguments_inside(
    call: &Call,
    foreign: &Foreign,
    host: &Host,
    interpreter: &[String],
) -> Result<Output, Failure> {
    let content = keep::content(&foreign.payload, host)?;
    let text = String::from_utf8_lossy(&content);
    let arguments = json::dumps(&Value::Dict(call.args.clone()));
    let of = |name: &str| call.args.get(name).cloned().unwrap_or_default();
    let special = match of("_ansible_selinux_special_fs") {
        Value::List(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => String::new(),
    };
    let text = text
        .replace("\"<<ANSIBLE_VERSION>>\"", &repr::repr(&of("_ansible_version")))
        .replace("\"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>\"", &repr::repr(&Value::str(arguments.as_str())))
        .replace("<<SELINUX_SPECIAL_FILESYSTEMS>>", &special)
        .replace("<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", &arguments)
        .replace("syslog.LOG_USER", &format!("syslog.{}", repr::str(&of("_ansible_syslog_facility"))));
    host.query(&shell(foreign, &interpreter.join(" ")).stdin(text))
}

/// The module and a file with its arguments lie in a folder of the call's own.
pub(super) fn with_arguments_beside(
    call: &Call,
    foreign: &Foreign,
    host: &Host,
    interpreter: &[String],
) -> Result<Output, Failure> {
    let folder = Folder::make(call, host)?;
    let program = folder.0.join(format!("AnsiballZ_{}", foreign.file_name));
    write(&program, &keep::content(&foreign.payload, host)?, 0o700)?;
    let mut args = call.args.clone();
    args.insert("_ansible_tmpdir", format!("{}/", folder.0.display()));
    let text = match foreign.style {
        Style::Old => words(&args),
        _ => json::dumps(&Value::Dict(args)),
    };
    let beside = folder.0.join("args");
    write(&beside, text.as_bytes(), 0o600)?;
    let line = format!(
        "{} {} {}",
        interpreter.join(" "),
        quote(&program.to_string_lossy()),
        quote(&beside.to_string_lossy())
    );
    host.query(&shell(foreign, line.trim()))
}

/// A line for the shell, so that what is not there is told as a shell tells it.
fn shell(foreign: &Foreign, line: &str) -> Command {
    let command = Command::new(["/bin/sh", "-c", line]);
    match &foreign.folder {
        Some(folder) => command.dir(folder.as_str()),
        None => command,
    }
}

/// `key=value` words as a shell reads them, values as Python writes them.
fn words(args: &Dict) -> String {
    args.iter().map(|(key, value)| format!("{}={} ", repr::str(key), quote(&repr::str(value)))).collect()
}

/// A folder of one call, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn make(call: &Call, host: &Host) -> Result<Self, Failure> {
        let root = files::expand(&call.remote_tmp);
        job::prepare(&root).map_err(|e| {
            Failure::new(format!("Failed to create temporary directory in {}: {e}", root.display()))
        })?;
        host.make_temp(&root, ("ansible-tmp-", ""), true).map(Self)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    Ok(file.write_all(content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_modules_read_words_as_a_shell_does() {
        let args: Dict = [
            ("a", Value::str("x y")),
            ("b", Value::Bool(true)),
            ("c", Value::Null),
            ("d", Value::List(vec![Value::str("e'f")].into())),
        ]
        .into_iter()
        .collect();
        assert_eq!(words(&args), "a='x y' b=True c=None d='[\"e'\"'\"'f\"]' ");
    }
}
