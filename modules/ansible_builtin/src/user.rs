//! `ansible.builtin.user`: users of the host, through the system's own programs.

use rustible_sdk::{User, prelude::*};

/// Manage users.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The user.
    #[arg(alias("user"))]
    name: String,
    /// Its number.
    uid: Option<u32>,
    /// Its full name.
    comment: Option<String>,
    /// Its first group.
    group: Option<String>,
    /// Its other groups.
    groups: Option<Vec<String>>,
    /// Whether groups it is in already stay.
    #[arg(default = false)]
    append: bool,
    /// Its shell.
    shell: Option<PathBuf>,
    /// Its home.
    home: Option<PathBuf>,
    /// Where a new home's files come from.
    skeleton: Option<PathBuf>,
    /// Its password, hashed.
    #[arg(no_log)]
    password: Option<String>,
    /// When a password is set.
    #[arg(default = "always", choices("always", "on_create"))]
    update_password: String,
    /// Whether the password is locked.
    password_lock: Option<bool>,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: State,
    /// Whether it has a home.
    #[arg(default = true, alias("createhome"))]
    create_home: bool,
    /// Whether files move with the home.
    #[arg(default = false)]
    move_home: bool,
    /// Whether a new one gets a number of the system's range.
    #[arg(default = false)]
    system: bool,
    /// Whether a number may be used twice.
    #[arg(default = false)]
    non_unique: bool,
    /// Remove it also while it is used.
    #[arg(default = false)]
    force: bool,
    /// Remove its files with it.
    #[arg(default = false)]
    remove: bool,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let now = host.user(&args.name);
    let mut result = dict! { "name" => args.name.as_str(), "state" => args.state.as_str() };
    let words = match (&now, args.state) {
        (None, State::Absent) => None,
        (Some(_), State::Absent) => {
            result.insert("force", args.force);
            result.insert("remove", args.remove);
            let flags = [(args.force, "-f"), (args.remove, "-r")];
            let flags = flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_string());
            Some(std::iter::once("userdel".to_string()).chain(flags).collect())
        }
        (None, State::Present) => {
            result.insert("system", args.system);
            result.insert("create_home", args.create_home);
            Some(args.add(host)?)
        }
        (Some(user), State::Present) => {
            result.insert("append", args.append);
            result.insert("move_home", args.move_home);
            let words = args.modify(user, host)?;
            (words.len() > 1).then_some(words)
        }
    };
    if let Some(words) = words {
        execute(&args, words, host)?;
    }
    if args.state == State::Present {
        set_password(&args, now.is_none(), host)?;
        describe(&args, host, &mut result);
    }
    Ok(Outcome(result))
}

fn execute(args: &Args, mut words: Vec<String>, host: &mut Host) -> Result<()> {
    if let Some(program) = words.first_mut() {
        *program = host.need_program(program)?;
    }
    let output = host.change(&Command::new(words).arg(args.name.as_str()).plain_language())?;
    // Without a mail spool `userdel -r` complains with 12 after it has removed the user.
    if output.ok() || (output.rc == 12 && args.state == State::Absent && host.user(&args.name).is_none()) {
        return Ok(());
    }
    Err(Failure::new(output.stderr.clone()).with("name", args.name.as_str()).with("rc", output.rc))
}

impl Args {
    fn text(path: Option<&PathBuf>) -> Option<String> {
        path.map(|path| path.to_string_lossy().into_owned())
    }

    fn wanted_groups(&self, host: &Host) -> Result<Option<Vec<String>>> {
        let Some(groups) = &self.groups else { return Ok(None) };
        let names: Vec<String> =
            groups.iter().map(|g| g.trim().to_string()).filter(|g| !g.is_empty()).collect();
        for name in &names {
            group(name, host)?;
        }
        Ok(Some(names))
    }

    fn add(&self, host: &Host) -> Result<Vec<String>> {
        let mut words = vec!["useradd".to_string()];
        let mut put = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([flag.to_string(), value]);
            }
        };
        put("-u", self.uid.map(|uid| uid.to_string()));
        match &self.group {
            Some(name) => put("-g", Some(group(name, host)?)),
            // A group of the same name becomes its own.
            None if host.group(&self.name).is_some() => put("-g", Some(self.name.clone())),
            None => {}
        }
        put("-G", self.wanted_groups(host)?.filter(|g| !g.is_empty()).map(|g| g.join(",")));
        put("-c", self.comment.clone());
        put("-d", Self::text(self.home.as_ref()));
        put("-s", Self::text(self.shell.as_ref()));
        put("-k", Self::text(self.skeleton.as_ref()).filter(|_| self.create_home));
        let flags = [(self.uid.is_some() && self.non_unique, "-o"), (self.system, "-r")];
        words.extend(flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_string()));
        words.push(if self.create_home { "-m" } else { "-M" }.to_string());
        Ok(words)
    }

    fn modify(&self, user: &User, host: &Host) -> Result<Vec<String>> {
        let mut words = vec!["usermod".to_string()];
        let mut put = |flag: &str, value: Option<String>, now: &str| {
            if let Some(value) = value.filter(|value| value != now) {
                words.extend([flag.to_string(), value]);
            }
        };
        put("-u", self.uid.map(|uid| uid.to_string()), &user.uid.to_string());
        put("-c", self.comment.clone(), &user.gecos);
        put("-s", Self::text(self.shell.as_ref()), &user.shell);
        put("-d", Self::text(self.home.as_ref()), &user.home);
        if let Some(name) = &self.group {
            let wanted = group(name, host)?;
            let gid = host.group(&wanted).map_or(wanted.clone(), |g| g.gid.to_string());
            if gid != user.gid.to_string() {
                put("-g", Some(wanted), "");
            }
        }
        if let Some(wanted) = self.wanted_groups(host)? {
            let groups = host.groups();
            let now: Vec<&str> =
                groups.iter().filter(|g| g.members.contains(&user.name)).map(|g| g.name.as_str()).collect();
            let missing = wanted.iter().any(|g| !now.contains(&g.as_str()) && !is_first(g, user, host));
            let more = now.iter().any(|g| !wanted.iter().any(|w| w == g));
            if missing || (more && !self.append) {
                put("-G", Some(wanted.join(",")), "-");
                if self.append {
                    words.push("-a".to_string());
                }
            }
        }
        let moves = self.move_home && words.iter().any(|w| w == "-d");
        words.extend(moves.then(|| "-m".to_string()));
        words.extend((self.non_unique && words.iter().any(|w| w == "-u")).then(|| "-o".to_string()));
        Ok(words)
    }
}

fn is_first(name: &str, user: &User, host: &Host) -> bool {
    host.group(name).is_some_and(|g| g.gid == user.gid)
}

/// The group of that name or number.
fn group(name: &str, host: &Host) -> Result<String> {
    let by_id = || name.parse().ok().and_then(|gid| host.group_by_id(gid));
    match host.group(name).or_else(by_id) {
        Some(group) => Ok(group.name),
        None => fail!("Group {name} does not exist"),
    }
}

/// The password and its lock. The hash goes through standard input, where no process list shows it.
fn set_password(args: &Args, new: bool, host: &mut Host) -> Result<()> {
    let shadow = host.read("/etc/shadow")?.unwrap_or_default();
    let shadow = String::from_utf8_lossy(&shadow).into_owned();
    let now = shadow.lines().find_map(|line| line.strip_prefix(&format!("{}:", args.name)));
    let now = now.and_then(|rest| rest.split(':').next()).unwrap_or_default().to_string();
    let mut wanted = args.password.clone().filter(|_| new || args.update_password == "always");
    if let Some(lock) = args.password_lock {
        let base = wanted.unwrap_or_else(|| now.clone());
        let bare = base.trim_start_matches('!');
        wanted = Some(if lock { format!("!{bare}") } else { bare.to_string() });
    }
    let Some(wanted) = wanted.filter(|wanted| *wanted != now) else { return Ok(()) };
    let program = host.need_program("chpasswd")?;
    let line = format!("{}:{wanted}\n", args.name);
    let output = host.change(&Command::new([program.as_str(), "-e"]).stdin(line).plain_language())?;
    if !output.ok() {
        return Err(Failure::new(output.stderr).with("name", args.name.as_str()).with("rc", output.rc));
    }
    Ok(())
}

fn describe(args: &Args, host: &Host, result: &mut Dict) {
    if let Some(user) = host.user(&args.name) {
        result.insert("uid", user.uid);
        result.insert("group", user.gid);
        result.insert("comment", user.gecos);
        result.insert("home", user.home);
        result.insert("shell", user.shell);
    }
    if let Some(groups) = &args.groups {
        result.insert("groups", groups.join(","));
    }
    if args.password.is_some() {
        result.insert("password", "NOT_LOGGING_PASSWORD");
    }
}
