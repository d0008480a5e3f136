//! `ansible.builtin.group`: groups of the host.

use rustible_sdk::prelude::*;

/// Add or remove groups.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The group.
    name: String,
    /// Its number.
    gid: Option<u32>,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: State,
    /// Whether a new one gets a number of the system's range.
    #[arg(default = false)]
    system: bool,
    /// Whether the programs for local groups are used.
    #[arg(default = false)]
    local: bool,
    /// Whether a number may be used twice.
    #[arg(default = false)]
    non_unique: bool,
    /// Remove it also when it is a user's first group.
    #[arg(default = false)]
    force: bool,
    /// Least number of a new one.
    gid_min: Option<u32>,
    /// Greatest number of a new one.
    gid_max: Option<u32>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if args.non_unique && args.gid.is_none() {
        fail!("non_unique is True but all of the following are missing: gid");
    }
    let state = args.state.as_str();
    let now = host.group(&args.name);
    let prefix = if args.local { "l" } else { "" };
    let mut words: Vec<String> = Vec::new();
    let program = match (&now, args.state) {
        (Some(_), State::Absent) => {
            if args.force && !args.local {
                words.push("-f".into());
            }
            "groupdel"
        }
        (None, State::Present) => {
            if let Some(gid) = args.gid {
                words.extend(["-g".into(), gid.to_string()]);
            }
            if args.non_unique {
                words.push("-o".into());
            }
            if args.system {
                words.push("-r".into());
            }
            for (key, value) in [("GID_MIN", args.gid_min), ("GID_MAX", args.gid_max)] {
                if let Some(value) = value {
                    words.extend(["-K".into(), format!("{key}={value}")]);
                }
            }
            "groupadd"
        }
        (Some(group), State::Present) if args.gid.is_some_and(|gid| gid != group.gid) => {
            words.extend(["-g".into(), args.gid.unwrap_or_default().to_string()]);
            if args.non_unique {
                words.push("-o".into());
            }
            "groupmod"
        }
        _ => return Ok(done(&args, state, host)),
    };
    let program = host.need_program(&format!("{prefix}{program}"))?;
    let output = host.change(&Command::new([program]).args(words).arg(args.name.as_str()))?;
    if !output.ok() {
        return Err(Failure::new(output.stderr.clone()).with("name", args.name).with("rc", output.rc));
    }
    Ok(done(&args, state, host))
}

fn done(args: &Args, state: &str, host: &Host) -> Outcome {
    let mut out = Outcome::new().with("name", args.name.as_str()).with("state", state);
    if let Some(group) = host.group(&args.name).filter(|_| args.state == State::Present) {
        out = out.with("system", args.system).with("gid", group.gid);
    }
    out
}
