//! `ansible.builtin.hostname`: the name of the host, now and after its next start.

use rustible_sdk::prelude::*;

use crate::setup::platform::fqdn;

/// Manage the host's name.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The name.
    name: String,
    /// How it is set; found out by default.
    #[arg(name = "use")]
    how: Option<How>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Alpine,
    Debian,
    Freebsd,
    Generic,
    Macos,
    Macosx,
    Darwin,
    Openbsd,
    Openrc,
    Redhat,
    Sles,
    Solaris,
    Systemd,
}

/// Where a system keeps its name.
enum Keeper {
    /// `hostnamectl`.
    Systemd(String),
    /// A file with the name alone; the second is a program that is to read it, with the first.
    File(&'static str, Option<String>),
    /// A file of shell variables: its path, the variable, and what is around the value.
    Variable(&'static str, &'static str, &'static str),
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let keeper = keeper(args.how, host)?;
    let name = args.name.as_str();
    if matches!(keeper, Keeper::Systemd(_)) && name.len() > 64 {
        fail!("name cannot be longer than 64 characters on systemd servers, try a shorter name");
    }
    let current = keeper.read(false, host)?;
    let permanent = keeper.read(true, host)?;
    // The permanent one comes first: NetworkManager complains when only the other one moves.
    for (permanent, now) in [(true, &permanent), (false, &current)] {
        if now != name {
            keeper.write(name, permanent, host)?;
        }
    }
    let full = fqdn(host, name);
    let domain = full.split_once('.').map_or("", |(_, domain)| domain);
    let facts = dict! {
        "ansible_hostname" => name.split('.').next().unwrap_or_default(),
        "ansible_nodename" => name,
        "ansible_fqdn" => full.as_str(),
        "ansible_domain" => domain,
    };
    let mut out = Outcome::facts(facts).with("name", name);
    if host.is_changed() {
        let before = if current == name { permanent } else { current };
        let diff =
            dict! { "before" => format!("hostname = {before}\n"), "after" => format!("hostname = {name}\n") };
        out = out.with("diff", diff);
    }
    Ok(out)
}

fn keeper(how: Option<How>, host: &Host) -> Result<Keeper> {
    let how = match how {
        Some(how) => how,
        None => found(host)?,
    };
    Ok(match how {
        How::Systemd | How::Debian => Keeper::Systemd(host.need_program("hostnamectl")?),
        How::Alpine => Keeper::File("/etc/hostname", Some(host.need_program("hostname")?)),
        How::Generic => Keeper::File("/etc/hostname", None),
        How::Sles => Keeper::File("/etc/HOSTNAME", None),
        How::Redhat => Keeper::Variable("/etc/sysconfig/network", "HOSTNAME", ""),
        How::Openrc => Keeper::Variable("/etc/conf.d/hostname", "hostname", "\""),
        How::Freebsd | How::Macos | How::Macosx | How::Darwin | How::Openbsd | How::Solaris => {
            let text = format!("hostname: use={} is not supported, only systems with Linux", how.as_str());
            return Err(Failure::new(text).of_arg("use"));
        }
    })
}

/// How this system keeps its name.
fn found(host: &Host) -> Result<How> {
    if host.find_program("systemctl").is_some() {
        for path in ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"] {
            if host.exists(path)? {
                return Ok(How::Systemd);
            }
        }
    }
    let release = host.read_text("/etc/os-release")?.unwrap_or_default();
    let kinds = kinds(&release);
    let how = kinds.iter().find_map(|kind| match kind.as_str() {
        "alpine" => Some(How::Alpine),
        "gentoo" => Some(How::Openrc),
        "sles" | "suse" => Some(How::Sles),
        "rhel" | "fedora" | "centos" => Some(How::Redhat),
        "debian" | "ubuntu" => Some(How::Generic),
        _ => None,
    });
    let name = kinds.first().map_or("Linux".to_string(), |kind| format!("Linux ({kind})"));
    how.ok_or_else(|| Failure::new(format!("hostname module cannot be used on platform {name}")))
}

/// The system's own word for itself and those for what it is like.
fn kinds(release: &str) -> Vec<String> {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim_matches(['"', '\'']).to_string()
    };
    let all = format!("{} {}", value("ID="), value("ID_LIKE="));
    all.split_whitespace().map(str::to_string).collect()
}

/// The value of a variable in a file of them.
fn variable(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
    line.map(|value| value.trim().trim_matches('"').to_string())
}

/// The file with the variable set.
fn with_variable(text: &str, (name, quote): (&str, &str), value: &str) -> String {
    let start = format!("{name}=");
    let wanted = format!("{start}{quote}{value}{quote}\n");
    let mut lines = Lines::of(text);
    if let Some(line) = lines.0.iter_mut().find(|line| line.trim().starts_with(&start)) {
        *line = wanted;
    } else {
        lines.finish();
        lines.0.push(wanted);
    }
    lines.to_string()
}

impl Keeper {
    fn read(&self, permanent: bool, host: &Host) -> Result<String> {
        match self {
            Self::Systemd(program) => {
                let which = if permanent { "--static" } else { "--transient" };
                let output = host.query(&Command::new([program.as_str(), which, "status"]))?;
                Ok(checked(output)?.stdout.trim().to_string())
            }
            Self::File(path, _) => Ok(host.read_text(path)?.unwrap_or_default().trim().to_string()),
            Self::Variable(path, name, _) => {
                let text = host.read_text(path)?.unwrap_or_default();
                match variable(&text, name) {
                    None if *name == "HOSTNAME" => fail!("Unable to locate HOSTNAME entry in {path}"),
                    found => Ok(found.unwrap_or_default()),
                }
            }
        }
    }

    fn write(&self, name: &str, permanent: bool, host: &mut Host) -> Result<()> {
        let quiet = Edit { quiet: true, ..Edit::default() };
        match self {
            Self::Systemd(program) => {
                let which: &[&str] = if permanent { &["--pretty", "--static"] } else { &["--transient"] };
                let command = Command::new([program.as_str()]).args(which.iter().copied());
                checked(host.change(&command.args(["set-hostname", name]))?)?;
            }
            Self::File(path, _) if permanent => {
                host.write(path, &mut format!("{name}\n").as_bytes(), &quiet)?;
            }
            Self::File(path, Some(program)) => {
                checked(host.change(&Command::new([program.as_str(), "-F", path]))?)?;
            }
            Self::Variable(path, key, quote) if permanent => {
                let before = host.read_text(path)?.unwrap_or_default();
                let after = with_variable(&before, (key, quote), name);
                host.write(path, &mut after.as_bytes(), &quiet)?;
            }
            Self::File(..) | Self::Variable(..) => {}
        }
        Ok(())
    }
}

fn checked(output: Output) -> Result<Output> {
    if output.ok() {
        return Ok(output);
    }
    fail!("Command failed rc={}, out={}, err={}", output.rc, output.stdout, output.stderr)
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::*;

    use super::*;

    fn said(text: &str) -> Output {
        Output { stdout: text.to_string(), ..Output::default() }
    }

    #[test]
    fn both_names_are_set_when_they_differ_the_permanent_one_first() {
        let script = Script::new(vec![
            ("hostnamectl --transient status".into(), said("old\n")),
            ("hostnamectl --static status".into(), said("old\n")),
            ("hostnamectl --pretty --static set-hostname new".into(), said("")),
            ("hostnamectl --transient set-hostname new".into(), said("")),
            ("getent ahosts new".into(), said("")),
            ("getent hosts new".into(), said("")),
        ]);
        let folder = std::env::temp_dir();
        let args = rustible_sdk::dict! { "name" => "new", "use" => "systemd" };
        let reply = run_rooted(crate::entry("hostname"), &folder, args, false, Some(script.clone()));
        assert_eq!(reply.result.get("changed"), Some(&Value::Bool(true)), "{reply:?}");
        let set: Vec<String> = script.asked().into_iter().filter(|line| line.contains("set-")).collect();
        let wanted =
            ["hostnamectl --pretty --static set-hostname new", "hostnamectl --transient set-hostname new"];
        assert_eq!(set, wanted);
        let diff = reply.result.get("diff").and_then(Value::as_dict).unwrap();
        assert_eq!(diff.get("before"), Some(&Value::str("hostname = old\n")));
    }

    #[test]
    fn a_variable_is_replaced_or_added() {
        assert_eq!(with_variable("A=1\nHOSTNAME=x\n", ("HOSTNAME", ""), "n"), "A=1\nHOSTNAME=n\n");
        assert_eq!(with_variable("A=1", ("hostname", "\""), "n"), "A=1\nhostname=\"n\"\n");
        assert_eq!(variable("# x\nhostname=\"a.b\"\n", "hostname").as_deref(), Some("a.b"));
    }

    #[test]
    fn a_system_without_systemd_keeps_its_name_in_its_own_way() {
        assert_eq!(kinds("NAME=x\nID=ubuntu\nID_LIKE=\"debian\"\n"), ["ubuntu", "debian"]);
    }
}
