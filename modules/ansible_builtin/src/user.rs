//! `ansible.builtin.user`: users of the host, through the system's own programs.

mod home;
mod local;
mod shadow;

use rustible_sdk::{User, prelude::*};

use shadow::{Shadow, failed_as};

/// Manage users.
#[derive(Args)]
#[args(check = full, required_if(append = true => groups))]
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
    /// When the account ends, in seconds after 1970; below 0 for never.
    expires: Option<f64>,
    /// Most days between changes of the password.
    password_expire_max: Option<i64>,
    /// Least days between changes of the password.
    password_expire_min: Option<i64>,
    /// Days before the end of the password on which it is told.
    password_expire_warn: Option<i64>,
    /// Days after the end of the password until the account ends.
    password_expire_account_disable: Option<i64>,
    /// Mask of a new home's permissions.
    umask: Option<String>,
    /// Least number of a new one.
    uid_min: Option<u32>,
    /// Greatest number of a new one.
    uid_max: Option<u32>,
    /// User of SELinux.
    seuser: Option<String>,
    /// Whether only users of the host's own files are seen, and libuser's programs change them.
    #[arg(default = false)]
    local: bool,
    /// Whether a key pair is made.
    #[arg(default = false)]
    generate_ssh_key: bool,
    /// Size of the key.
    #[arg(default = 0)]
    ssh_key_bits: i64,
    /// Kind of the key.
    #[arg(default = "rsa")]
    ssh_key_type: String,
    /// Where the key is, from the home.
    ssh_key_file: Option<PathBuf>,
    /// What the key says of itself.
    ssh_key_comment: Option<String>,
    /// Password of the key.
    #[arg(no_log)]
    ssh_key_passphrase: Option<String>,
    /// Class of BSD systems.
    login_class: Option<String>,
    /// Whether macOS shows the user.
    hidden: Option<bool>,
    /// Profile of Solaris.
    profile: Option<String>,
    /// Authorization of Solaris.
    authorization: Option<String>,
    /// Role of Solaris.
    role: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    args.tell(host);
    shadow::check(&args, host);
    let now = if args.local { local::user(&args.name, host)? } else { host.user(&args.name) };
    let mut result = dict! { "name" => args.name.as_str(), "state" => args.state.as_str() };
    let before = Shadow::of(&args.name, host)?;
    let words = match (&now, args.state) {
        (None, State::Absent) => None,
        (Some(_), State::Absent) => {
            result.insert("force", args.force);
            result.insert("remove", args.remove);
            let flags = [(args.force && !args.local, "-f"), (args.remove, "-r")];
            let flags = flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_string());
            Some(std::iter::once(args.program("userdel")).chain(flags).collect())
        }
        (None, State::Present) => {
            result.insert("system", args.system);
            result.insert("create_home", args.create_home);
            Some(args.add(host)?)
        }
        (Some(user), State::Present) => {
            result.insert("append", args.append);
            result.insert("move_home", args.move_home);
            let words = args.modify(user, &before, host)?;
            (words.len() > 1).then_some(words)
        }
    };
    let mut ran = words.map(|words| execute(&args, words, host)).transpose()?;
    for step in local::rest(&args, now.as_ref(), &before, host)? {
        let more = host.change(&Command::new(step).plain_language())?;
        failed_as(&args, &more)?;
        ran.get_or_insert(more);
    }
    if let Some(output) = ran {
        for (key, text) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            if !text.is_empty() {
                let lines: Vec<Value> = text.lines().map(Value::from).collect();
                result.insert(format!("{key}_lines"), lines);
                result.insert(key, text);
            }
        }
    }
    if args.state == State::Present {
        shadow::set_password(&args, now.is_none(), &before, host)?;
        if let Some(user) = host.user(&args.name) {
            describe(&user, host, &mut result);
            home::make(&args, &user, host)?;
            if args.generate_ssh_key {
                home::key(&args, &user, host, &mut result)?;
            }
            shadow::set_ages(&args, host)?;
        }
        if args.password.is_some() {
            result.insert("password", "NOT_LOGGING_PASSWORD");
        }
    }
    Ok(Outcome(result))
}

fn execute(args: &Args, mut words: Vec<String>, host: &mut Host) -> Result<Output> {
    if let Some(program) = words.first_mut() {
        *program = host.need_program(program)?;
    }
    let output = host.change(&Command::new(words).arg(args.name.as_str()).plain_language())?;
    // Without a mail spool `userdel -r` complains with 12 after it has removed the user.
    if output.ok() || (output.rc == 12 && args.state == State::Absent && host.user(&args.name).is_none()) {
        return Ok(output);
    }
    failed_as(args, &output).map(|()| output)
}

impl Args {
    /// Tell of what only other systems have.
    fn tell(&self, host: &mut Host) {
        let foreign = [
            ("login_class", self.login_class.is_some()),
            ("hidden", self.hidden.is_some()),
            ("profile", self.profile.is_some()),
            ("authorization", self.authorization.is_some()),
            ("role", self.role.is_some()),
        ];
        for (name, _) in foreign.iter().filter(|(_, given)| *given) {
            host.warn(format!("'{name}' has no effect on Linux"));
        }
        if let Some(seuser) = self.seuser.as_ref().filter(|_| !selinux(host)) {
            host.warn(format!(
                "'seuser' is set to '{seuser}' but SELinux is not enabled on this system. The 'seuser' parameter \
                 will be ignored."
            ));
        }
    }

    /// The program that does this, or libuser's that does it to local users.
    fn program(&self, name: &str) -> String {
        if self.local { format!("l{name}") } else { name.to_string() }
    }

    fn text(path: Option<&PathBuf>) -> Option<String> {
        path.map(|path| path.to_string_lossy().into_owned())
    }

    fn wanted_groups(&self, host: &Host) -> Result<Option<Vec<String>>> {
        let Some(groups) = &self.groups else { return Ok(None) };
        let names: Vec<String> =
            groups.iter().map(|g| g.trim().to_string()).filter(|g| !g.is_empty()).collect();
        names.iter().map(|name| group(name, host)).collect::<Result<_>>().map(Some)
    }

    fn add(&self, host: &Host) -> Result<Vec<String>> {
        let mut words = vec![self.program("useradd")];
        let mut put = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([flag.to_string(), value]);
            }
        };
        put("-u", self.uid.map(|uid| uid.to_string()));
        put("-Z", self.seuser.clone().filter(|_| selinux(host)));
        if let Some(name) = &self.group {
            put("-g", Some(group(name, host)?));
        }
        let groups = self.wanted_groups(host)?.filter(|groups| !groups.is_empty() && !self.local);
        put("-G", groups.map(|g| g.join(",")));
        put("-c", self.comment.clone());
        put("-d", Self::text(self.home.as_ref()));
        put("-s", Self::text(self.shell.as_ref()));
        put("-k", Self::text(self.skeleton.as_ref()).filter(|_| self.create_home));
        put("-e", shadow::end(self, &Shadow::default())?.filter(|_| !self.local));
        put("-f", self.password_expire_account_disable.map(|days| days.to_string()));
        let umask = self.umask.as_ref().filter(|_| self.create_home);
        put("-K", umask.map(|mask| format!("UMASK={mask}")));
        put("-K", self.uid_min.map(|uid| format!("UID_MIN={uid}")));
        put("-K", self.uid_max.map(|uid| format!("UID_MAX={uid}")));
        // useradd would make a group of the user's name, which is there.
        let grouped = self.group.is_none() && host.group(&self.name).is_some();
        let flags = [
            (self.uid.is_some() && self.non_unique, "-o"),
            (self.system, "-r"),
            (grouped, if self.local { "-n" } else { "-N" }),
        ];
        words.extend(flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_string()));
        match self.create_home {
            true => words.extend((!self.local).then(|| "-m".to_string())),
            false => words.push("-M".to_string()),
        }
        Ok(words)
    }

    fn modify(&self, user: &User, before: &Shadow, host: &Host) -> Result<Vec<String>> {
        let mut words = vec![self.program("usermod")];
        let mut put = |flag: &str, value: Option<String>, now: &str| {
            if let Some(value) = value.filter(|value| value != now) {
                words.extend([flag.to_string(), value]);
            }
        };
        put("-u", self.uid.map(|uid| uid.to_string()), &user.uid.to_string());
        put("-c", self.comment.clone(), &user.gecos);
        put("-s", Self::text(self.shell.as_ref()), &user.shell);
        put("-d", Self::text(self.home.as_ref()), &user.home);
        put("-e", shadow::end(self, before)?.filter(|_| !self.local), "-");
        let inactive = self.password_expire_account_disable.filter(|days| Some(*days) != before.inactive);
        put("-f", inactive.map(|days| days.to_string()), "");
        if let Some(name) = &self.group {
            let wanted = group(name, host)?;
            let gid = host.group(&wanted).map_or(wanted.clone(), |g| g.gid.to_string());
            if gid != user.gid.to_string() {
                put("-g", Some(gid), "");
            }
        }
        if let Some(wanted) = self.wanted_groups(host)?.filter(|_| !self.local) {
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
        words.extend(shadow::lock(self, before).map(str::to_string));
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

fn selinux(host: &Host) -> bool {
    host.exists("/sys/fs/selinux/enforce").unwrap_or(false)
}

fn describe(user: &User, host: &Host, result: &mut Dict) {
    result.insert("uid", user.uid);
    result.insert("group", user.gid);
    result.insert("comment", user.gecos.as_str());
    result.insert("home", user.home.as_str());
    result.insert("shell", user.shell.as_str());
    let groups = host.groups();
    let member = groups.iter().filter(|g| g.members.contains(&user.name) && g.gid != user.gid);
    result.insert("groups", member.map(|g| g.name.as_str()).collect::<Vec<_>>().join(","));
}
