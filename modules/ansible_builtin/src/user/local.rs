//! `local`: users of the host's own files, which a directory may have too, through libuser's programs.

use rustible_sdk::{User, prelude::*};

use super::{
    Args, State,
    shadow::{self, Shadow},
};

/// The user, when the host's own file has it.
pub(super) fn user(name: &str, host: &Host) -> Result<Option<User>> {
    if !host.exists("/etc/passwd")? {
        fail!("'local: true' specified but unable to find local account file /etc/passwd to parse.");
    }
    Ok(host.users().into_iter().find(|user| user.name == name))
}

/// What libuser's programs for making and changing a user leave out: when the account ends, and other groups.
pub(super) fn rest(
    args: &Args,
    now: Option<&User>,
    before: &Shadow,
    host: &mut Host,
) -> Result<Vec<Vec<String>>> {
    if !args.local || args.state == State::Absent {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    let ends = now.is_none() || shadow::end(args, before)?.is_some();
    if let Some(wanted) = args.expires.filter(|_| ends) {
        let day = if wanted < 0.0 { "-1".to_string() } else { format!("{:.0}", (wanted / 86400.0).floor()) };
        steps.push(vec![host.need_program("lchage")?, "-E".into(), day, args.name.clone()]);
    }
    let Some(wanted) = args.wanted_groups(host)? else { return Ok(steps) };
    let groups = host.groups();
    let current: Vec<&str> =
        groups.iter().filter(|g| g.members.contains(&args.name)).map(|g| g.name.as_str()).collect();
    let change = |flag: &str, group: &str, program: &str| {
        [program, flag, args.name.as_str(), group].map(str::to_string).to_vec()
    };
    let more = wanted.iter().filter(|name| !current.contains(&name.as_str()));
    let less = current.iter().filter(|name| !args.append && !wanted.iter().any(|w| w == *name));
    let changes: Vec<(&str, &str)> =
        more.map(|name| ("-M", name.as_str())).chain(less.map(|name| ("-m", *name))).collect();
    if !changes.is_empty() {
        let program = host.need_program("lgroupmod")?;
        steps.extend(changes.iter().map(|(flag, group)| change(flag, group, &program)));
    }
    Ok(steps)
}
