//! Facts that few hosts have: storage initiators, systemd's features, capabilities, Python, other fact programs.

use rustible_sdk::{json, prelude::*};

use super::{Args, Facts, text};

/// Prints version, release level, serial, program, TLS and kind, a line each. Without `site`, because that is half the time.
const PYTHON: &str = "import sys, importlib.machinery as m
v = sys.version_info
tls = m.PathFinder.find_spec('_ssl') or '_ssl' in sys.builtin_module_names
for said in (v[0], v[1], v[2], v[3], v[4], sys.executable, int(bool(tls)), sys.implementation.name): print(said)";

/// The first line that is no comment and begins with that word.
fn named(host: &Host, path: &str, word: &str) -> Option<String> {
    let file = text(host, path);
    file.lines().find(|line| line.starts_with(word)).map(str::to_string)
}

pub(super) fn iscsi(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let line = named(host, "/etc/iscsi/initiatorname.iscsi", "InitiatorName=").unwrap_or_default();
    facts.insert("iscsi_iqn", line.split_once('=').map_or("", |(_, name)| name));
    Ok(())
}

pub(super) fn nvme(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    facts.insert("hostnqn", named(host, "/etc/nvme/hostnqn", "nqn.").unwrap_or_default());
    Ok(())
}

pub(super) fn fibre_channel(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all: Vec<Value> = Vec::new();
    for path in host.glob(Path::new("/"), "/sys/class/fc_host/*/port_name")? {
        let said = text(host, &path.to_string_lossy());
        all.extend(said.lines().map(|line| Value::from(line.trim_end().trim_start_matches("0x"))));
    }
    facts.insert("fibre_channel_wwn", all);
    Ok(())
}

pub(super) fn systemd(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let (Some(program), true) = (host.find_program("systemctl"), host.exists("/run/systemd/system")?) else {
        return Ok(());
    };
    let output = host.query(&Command::new([program.to_string_lossy().into_owned(), "--version".into()]))?;
    let version = output.stdout.split(' ').nth(1).and_then(|word| word.parse::<i64>().ok());
    if let (true, Some(version)) = (output.ok(), version) {
        let features = output.stdout.lines().nth(1).unwrap_or_default();
        facts.insert("systemd", dict! { "features" => features, "version" => version });
    }
    Ok(())
}

pub(super) fn caps(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let said = match host.find_program("capsh") {
        Some(program) => {
            host.query(&Command::new([program.to_string_lossy().into_owned(), "--print".into()])).ok()
        }
        None => None,
    };
    let Some(output) = said.filter(Output::ok) else {
        facts.insert("system_capabilities", "N/A");
        facts.insert("system_capabilities_enforced", "N/A");
        return Ok(());
    };
    let (mut enforced, mut all): (&str, Vec<Value>) = ("NA", Vec::new());
    if let Some(current) = output.stdout.lines().find_map(|line| line.strip_prefix("Current:")) {
        enforced = if current.trim() == "=ep" { "False" } else { "True" };
        if enforced == "True" {
            let list = current.split('=').nth(1).unwrap_or_default();
            all = list.split(',').map(|cap| cap.trim().into()).collect();
        }
    }
    facts.insert("system_capabilities", all);
    facts.insert("system_capabilities_enforced", enforced);
    Ok(())
}

/// The target's Python, when it has one; nothing here needs it, but playbooks ask for it.
pub(super) fn python(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let own = PathBuf::from("/usr/bin/python3");
    let found = if host.exists(&own)? { Some(own) } else { host.find_program("python3") };
    let Some(program) = found else { return Ok(()) };
    let program = program.to_string_lossy().into_owned();
    let Ok(output) = host.query(&Command::new([program.as_str(), "-I", "-S", "-c", PYTHON])) else {
        return Ok(());
    };
    let lines: Vec<&str> = output.stdout.lines().collect();
    let [major, minor, micro, level, serial, executable, tls, kind] = lines.as_slice() else { return Ok(()) };
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    let info: Vec<Value> = vec![
        number(major).into(),
        number(minor).into(),
        number(micro).into(),
        (*level).into(),
        number(serial).into(),
    ];
    facts.insert("python_version", format!("{major}.{minor}.{micro}"));
    facts.insert("python", dict! {
        "version" => dict! {
            "major" => number(major), "minor" => number(minor), "micro" => number(micro),
            "releaselevel" => *level, "serial" => number(serial),
        },
        "version_info" => info, "executable" => *executable, "has_sslcontext" => *tls == "1", "type" => *kind,
    });
    Ok(())
}

/// Whether `/` is another folder than the first process has.
pub(super) fn chroot(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    facts.insert("is_chroot", crate::chroot::is_chroot(host));
    Ok(())
}

pub(super) fn facter(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let puppet = PathBuf::from("/opt/puppetlabs/bin/facter");
    let other = if host.exists(&puppet)? { Some(puppet) } else { None };
    let found = host.find_program("cfacter").or_else(|| host.find_program("facter")).or(other);
    let Some(program) = found.map(|path| path.to_string_lossy().into_owned()) else { return Ok(()) };
    let mut output = host.query(&Command::new([program.as_str(), "--puppet", "--json"]))?;
    if !output.ok() {
        output = host.query(&Command::new([program.as_str(), "--json"]))?;
    }
    foreign("facter", "Failed to parse facter facts", &output, host, facts);
    Ok(())
}

pub(super) fn ohai(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let Some(program) = host.find_program("ohai") else { return Ok(()) };
    let output = host.query(&Command::new([program.to_string_lossy().into_owned()]))?;
    foreign("ohai", "Failed to gather ohai facts", &output, host, facts);
    Ok(())
}

/// What another program knows, its name in front of each fact's.
fn foreign(program: &str, problem: &str, output: &Output, host: &mut Host, facts: &mut Facts) {
    if !output.ok() {
        return;
    }
    match json::read(&output.stdout).ok().as_ref().and_then(Value::as_dict) {
        Some(all) => {
            for (key, value) in all {
                let key = key.as_str().unwrap_or_default().replace('-', "_");
                facts.insert(format!("{program}_{key}"), value.clone());
            }
        }
        None => host.warn(problem),
    }
}
