//! `pipe` and `lines`: what a command of the controller prints.

use std::process::{Command, Stdio};

use super::Call;
use crate::{
    children,
    methods::split_lines,
    rt::{Res, Rt, fail},
};

fn output(call: &Call, command: &str) -> Res<String> {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::inherit());
    if let Some(folder) = call.ctx.env.search.last().filter(|f| f.is_dir()) {
        shell.current_dir(folder);
    }
    if let Some(all) = &call.ctx.env.environment {
        shell.env_clear().envs(all.iter());
    }
    let done =
        children::output(&mut shell).map_err(|e| fail(format!("lookup_plugin.pipe({command}): {e}")))?;
    if !done.status.success() {
        let code = done.status.code().unwrap_or(-1);
        return Err(fail(format!("lookup_plugin.pipe({command}) returned {code}")));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let commands = call.texts()?;
    commands.iter().map(|c| output(&call, c).map(|o| Rt::str(o.trim_end()))).collect()
}

pub(super) fn lines(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for command in call.texts()? {
        let text = output(&call, &command)?;
        out.extend(split_lines(&text, false).into_iter().map(Rt::from));
    }
    Ok(out)
}
