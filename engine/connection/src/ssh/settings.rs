//! Everything that was said about a connection, put together: command lines, variables, `ssh_config`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Plan, config::Reader, directives::Directives, options::Options, tokens::Tokens};
use crate::{ConnectionError, SshOptions, args};

/// How to connect, with every name and path final.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Name or address to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    /// The name in `known_hosts`, and how it is spoken of.
    pub(crate) key_name: String,
    pub(crate) known_hosts: Vec<PathBuf>,
    pub(crate) global_known_hosts: Vec<PathBuf>,
    pub(crate) strict: Strict,
    /// New keys are stored under a hash of the name.
    pub(crate) hash_names: bool,
    /// Key files to try, and whether they were asked for (rather than being the usual ones).
    pub(crate) identities: Vec<PathBuf>,
    pub(crate) identities_named: bool,
    pub(crate) certificates: Vec<PathBuf>,
    pub(crate) identities_only: bool,
    /// Socket of the agent for keys.
    pub(crate) key_agent: Option<PathBuf>,
    pub(crate) public_key: bool,
    pub(crate) password: bool,
    pub(crate) interactive: bool,
    pub(crate) jumps: Vec<String>,
    /// Command whose streams are the connection, tokens put in.
    pub(crate) proxy_command: Option<String>,
    pub(crate) connect_timeout: Duration,
    /// Seconds between questions whether the server is there, and how many may stay without answer.
    pub(crate) alive: (u64, usize),
    /// `Some(true)` for IPv4 alone, `Some(false)` for IPv6.
    pub(crate) only_v4: Option<bool>,
    pub(crate) bind: Option<String>,
}

/// What to do with a host key that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strict {
    /// Refuse unknown and changed keys.
    Yes,
    /// Learn unknown keys, refuse changed ones.
    AcceptNew,
    /// Learn unknown keys; with a changed one no password is given.
    No,
}

/// Read everything about a host.
pub(crate) fn plan(options: &SshOptions, timeout: Duration) -> Result<Plan, ConnectionError> {
    if options.host.is_empty() || options.host.starts_with('-') {
        return Err(ConnectionError::Setup(format!("'{}' is not a host name", options.host)));
    }
    if options.executable.as_deref().is_some_and(|exe| exe != "ssh") {
        return Ok(Plan::System);
    }
    let mut directives = Directives::default();
    let mut lines = Options::default();
    let setup = |e: String| ConnectionError::Setup(format!("ssh settings of {}: {e}", options.host));
    // The order in which the reference puts them on a command line; the first that speaks of something counts.
    lines.read(options.ssh_args.as_deref().unwrap_or_default(), &mut directives).map_err(setup)?;
    variables(options, timeout, &mut directives);
    for line in [&options.common_args, &options.extra_args] {
        lines.read(line, &mut directives).map_err(setup)?;
    }
    let settings = finish(&options.host, &mut directives, lines.config.as_deref()).map_err(setup)?;
    Ok(if directives.foreign.is_some() { Plan::System } else { Plan::Own(Box::new(settings)) })
}

/// Settings of a host that is jumped through: `user@host:port`, the rest from the configuration files.
pub(crate) fn of_jump(jump: &str, timeout: Duration) -> Result<Settings, ConnectionError> {
    let text = jump.strip_prefix("ssh://").unwrap_or(jump).trim_end_matches('/');
    let (user, place) = text.rsplit_once('@').map_or((None, text), |(user, place)| (Some(user), place));
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None if place.matches(':').count() == 1 => {
            place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p)))
        }
        None => (place, None),
    };
    let mut directives = Directives::default();
    for (word, value) in [("user", user), ("port", port)] {
        if let Some(value) = value {
            directives.put(word, &[value.to_string()]);
        }
    }
    directives.put("connecttimeout", &[timeout.as_secs().to_string()]);
    let setup = |e: String| ConnectionError::Setup(format!("ssh settings of {host}: {e}"));
    if host.is_empty() || host.starts_with('-') {
        return Err(setup("not a host name".to_string()));
    }
    let settings = finish(host, &mut directives, None).map_err(setup)?;
    match directives.foreign {
        None => Ok(settings),
        Some(word) => Err(setup(format!("{word} is not supported on a host that is jumped through"))),
    }
}

fn variables(options: &SshOptions, timeout: Duration, directives: &mut Directives) {
    if !options.host_key_checking {
        directives.put("stricthostkeychecking", &["no".to_string()]);
    }
    let port = options.port.map(|port| port.to_string());
    let file = options.private_key_file.as_ref().map(|file| format!("\"{file}\""));
    let file = file.map(|file| file.trim_matches('"').to_string());
    for (word, value) in [("port", port), ("identityfile", file), ("user", options.user.clone())] {
        if let Some(value) = value {
            directives.put(word, &[value]);
        }
    }
    directives.put("connecttimeout", &[timeout.as_secs().to_string()]);
}

fn finish(name: &str, directives: &mut Directives, config: Option<&str>) -> Result<Settings, String> {
    let local_user = local_user();
    let home = env::var("HOME").unwrap_or_else(|_| "/".to_string());
    let local_host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut tokens = Tokens { original: name.to_string(), local_user, home, local_host, ..Tokens::default() };
    let mut reader = Reader { directives, tokens: tokens.clone() };
    match config {
        Some(file) if file.eq_ignore_ascii_case("none") => {}
        Some(file) => reader.file(Path::new(&tokens.path(file)?), false)?,
        None => {
            reader.file(&Path::new(&tokens.home).join(".ssh/config"), false)?;
            reader.file(Path::new("/etc/ssh/ssh_config"), true)?;
        }
    }
    tokens.host = name.to_string();
    if let Some(host) = directives.first("hostname") {
        tokens.host = tokens.expand(host)?;
    }
    tokens.port = match directives.first("port") {
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("Bad port '{port}'."))?
        }
        None => 22,
    };
    tokens.user = directives.first("user").unwrap_or(&tokens.local_user).to_string();
    tokens.jump = directives.first("proxyjump").unwrap_or_default().to_string();
    tokens.key_alias = directives.first("hostkeyalias").unwrap_or(&tokens.host).to_string();
    settings(directives, &tokens)
}

fn settings(directives: &Directives, tokens: &Tokens) -> Result<Settings, String> {
    let seconds = |word: &str| directives.first(word).and_then(|value| value.parse::<u64>().ok());
    let key_name = match (directives.first("hostkeyalias"), tokens.port) {
        (Some(alias), _) => alias.to_lowercase(),
        (None, 22) => tokens.host.to_lowercase(),
        (None, port) => format!("[{}]:{port}", tokens.host.to_lowercase()),
    };
    let files = |word: &str, usual: &[&str]| -> Result<Vec<PathBuf>, String> {
        let named = directives.arguments(word).map(<[String]>::to_vec);
        let named = named.unwrap_or_else(|| usual.iter().map(ToString::to_string).collect());
        let paths = named.iter().filter(|file| !file.eq_ignore_ascii_case("none"));
        paths.map(|file| tokens.path(file).map(PathBuf::from)).collect()
    };
    let mut settings = Settings {
        host: tokens.host.clone(),
        port: tokens.port,
        user: tokens.user.clone(),
        key_name,
        known_hosts: files("userknownhostsfile", &["~/.ssh/known_hosts", "~/.ssh/known_hosts2"])?,
        global_known_hosts: files(
            "globalknownhostsfile",
            &["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
        )?,
        strict: strict(directives.first("stricthostkeychecking"))?,
        hash_names: directives.flag("hashknownhosts").unwrap_or(false),
        identities: Vec::new(),
        identities_named: false,
        certificates: Vec::new(),
        identities_only: directives.flag("identitiesonly").unwrap_or(false),
        key_agent: key_agent(directives, tokens)?,
        public_key: directives.flag("pubkeyauthentication").unwrap_or(true),
        password: directives.flag("passwordauthentication").unwrap_or(true),
        interactive: directives.flag("kbdinteractiveauthentication").unwrap_or(true),
        jumps: Vec::new(),
        proxy_command: None,
        connect_timeout: Duration::from_secs(seconds("connecttimeout").unwrap_or(10)),
        alive: (
            seconds("serveraliveinterval").filter(|&every| every > 0).unwrap_or(15),
            seconds("serveralivecountmax").and_then(|count| count.try_into().ok()).unwrap_or(3),
        ),
        only_v4: match directives.first("addressfamily") {
            Some("inet") => Some(true),
            Some("inet6") => Some(false),
            _ => None,
        },
        bind: directives.first("bindaddress").map(str::to_string),
    };
    if let Some(methods) = directives.first("preferredauthentications") {
        let has = |method: &str| methods.split(',').any(|name| name == method);
        settings.public_key &= has("publickey");
        settings.password &= has("password");
        settings.interactive &= has("keyboard-interactive");
    }
    identities(directives, tokens, &mut settings)?;
    proxies(directives, tokens, &mut settings)?;
    Ok(settings)
}

fn strict(value: Option<&str>) -> Result<Strict, String> {
    match value.map(str::to_ascii_lowercase).as_deref() {
        // Asking is not possible: the terminal belongs to the run's output, and many hosts connect at once.
        None | Some("ask" | "yes" | "true") => Ok(Strict::Yes),
        Some("accept-new") => Ok(Strict::AcceptNew),
        Some("no" | "false" | "off") => Ok(Strict::No),
        Some(other) => Err(format!("unsupported option \"{other}\" for StrictHostKeyChecking")),
    }
}

fn key_agent(directives: &Directives, tokens: &Tokens) -> Result<Option<PathBuf>, String> {
    let usual = || env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    match directives.first("identityagent") {
        None | Some("SSH_AUTH_SOCK") => Ok(usual()),
        Some(none) if none.eq_ignore_ascii_case("none") => Ok(None),
        Some(name) => match name.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            Some(variable) => Ok(env::var_os(variable).map(PathBuf::from)),
            None => Ok(Some(PathBuf::from(tokens.path(name)?))),
        },
    }
}

fn identities(directives: &Directives, tokens: &Tokens, settings: &mut Settings) -> Result<(), String> {
    let named: Vec<&str> = directives.all("identityfile").collect();
    settings.identities_named = !named.is_empty();
    let usual = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];
    let files = if named.is_empty() { usual.to_vec() } else { named };
    for file in files.iter().filter(|file| !file.eq_ignore_ascii_case("none")) {
        settings.identities.push(PathBuf::from(tokens.path(file)?));
    }
    for file in directives.all("certificatefile").filter(|file| !file.eq_ignore_ascii_case("none")) {
        settings.certificates.push(PathBuf::from(tokens.path(file)?));
    }
    Ok(())
}

fn proxies(directives: &Directives, tokens: &Tokens, settings: &mut Settings) -> Result<(), String> {
    let said = |word: &str| directives.first(word).filter(|value| !value.eq_ignore_ascii_case("none"));
    if let Some(jump) = said("proxyjump") {
        settings.jumps = jump.split(',').map(|hop| hop.trim().to_string()).collect();
    } else if let Some(command) = said("proxycommand") {
        // What the tokens stand for goes to a shell; a name that means something to it is none of a host.
        let safe = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "_-.:@%[]\\/+".contains(c));
        if !safe(&tokens.host) || !safe(&tokens.user) || !safe(&tokens.original) {
            return Err("host or user name has characters that a ProxyCommand may not get".to_string());
        }
        settings.proxy_command = Some(tokens.expand(command)?);
    }
    Ok(())
}

/// The user's name here: from the environment, or from the password file (never through foreign name services).
pub(crate) fn local_user() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let by_id = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(&uid)).then(|| name.to_string())
    });
    let from_environment = || env::var("LOGNAME").or_else(|_| env::var("USER")).ok();
    by_id.or_else(from_environment).unwrap_or(uid)
}

/// The command line of the system's `ssh` that means the same as these options, without host and command.
pub(crate) fn command_line(options: &SshOptions, timeout: Duration) -> Result<Vec<String>, ConnectionError> {
    let words = |text: &str| args::split(text).map_err(ConnectionError::Setup);
    let mut line = words(options.ssh_args.as_deref().unwrap_or("-C"))?;
    let mut option = |text: String| line.extend(["-o".to_string(), text]);
    if !options.host_key_checking {
        option("StrictHostKeyChecking=no".to_string());
    }
    if let Some(port) = options.port {
        option(format!("Port={port}"));
    }
    if let Some(file) = &options.private_key_file {
        option(format!("IdentityFile=\"{}\"", file.replace('"', "")));
    }
    if options.password.is_none() {
        option("BatchMode=yes".to_string());
    } else {
        option("NumberOfPasswordPrompts=1".to_string());
    }
    if let Some(user) = &options.user {
        option(format!("User=\"{}\"", user.replace('"', "")));
    }
    option(format!("ConnectTimeout={}", timeout.as_secs()));
    line.extend(words(&options.common_args)?);
    line.extend(words(&options.extra_args)?);
    // Behind everything, so that they only count when nothing else was said. Frames want a connection of their own end:
    // a stream that outlives its process would keep the agent.
    for last in
        ["ServerAliveInterval=15", "ServerAliveCountMax=3", "StrictHostKeyChecking=yes", "ForwardX11=no"]
    {
        line.extend(["-o".to_string(), last.to_string()]);
    }
    Ok(line)
}
