//! `ansible.posix.authorized_key`: keys that may log in as a user.

use rustible_sdk::{Http, Request, User, prelude::*};

use crate::support::keys::{Key, parse_options, rewritten};

/// Add or remove SSH authorized keys.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The user whose keys they are.
    user: String,
    /// Keys, one a line; or the address of a file with them (`https://`, or `file:///` on the target).
    key: String,
    /// The file, instead of the one in the user's home.
    path: Option<PathBuf>,
    /// Make the folder of the file, give it to the user and close it to others.
    #[arg(default = true)]
    manage_dir: bool,
    /// Whether the keys should be there.
    #[arg(default = "present")]
    state: State,
    /// Options of the keys instead of those written with them.
    key_options: Option<String>,
    /// Remove everything else from the file.
    #[arg(default = false)]
    exclusive: bool,
    /// Comment of the keys instead of the one written with them.
    comment: Option<String>,
    /// Whether the server of an address must prove who it is.
    #[arg(default = true)]
    validate_certs: bool,
    /// Follow links on the way to the file.
    #[arg(default = false)]
    follow: bool,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Absent,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let source = args.source(host)?;
    let (user, file) = args.place(host)?;
    let before = host.read_text(&file).map_err(|e| {
        let denied = e.msg.starts_with("[Errno 13]");
        let text = format!("Permission denied on file or path for authorized keys file: {}", file.display());
        if denied { Failure::new(text) } else { e }
    })?;
    let text = before.as_deref().unwrap_or_default();
    let keys = args.keys(&source)?;
    let after = rewritten(text, &keys, args.state == State::Present, args.exclusive);

    let mut outcome = Outcome::new();
    let changed = after != text;
    if changed {
        let header = file.to_string_lossy().into_owned();
        host.diff_text(&header, text, &after);
        if let Some(user) = user.filter(|_| !host.check_mode()) {
            args.write(host, &user, &file, before.as_deref(), &after)?;
        } else {
            host.mark_changed();
        }
    }
    if host.check_mode() {
        return Ok(outcome);
    }
    for (name, value) in args.as_given() {
        outcome = outcome.with(name, value);
    }
    outcome = outcome.with("keyfile", file.to_string_lossy().as_ref());
    if args.path.is_some() {
        host.add_path_info(&mut outcome.0, &file)?;
    }
    Ok(outcome)
}

impl Args {
    /// The text of the keys.
    fn source(&self, host: &Host) -> Result<String> {
        if self.key.starts_with("http") {
            let how = Http { validate_certs: self.validate_certs, ..Http::default() };
            let problem = |_| Failure::new(format!("Error getting key from: {}", self.key));
            let answer =
                host.http(&how, &Request { url: self.key.clone(), ..Request::default() }).map_err(problem)?;
            if answer.status != 200 {
                fail!("Error getting key from: {}", self.key);
            }
            return String::from_utf8(answer.bytes().map_err(problem)?)
                .map_err(|_| Failure::new(format!("Error getting key from: {}", self.key)));
        }
        let Some(address) = self.key.strip_prefix("file:") else { return Ok(self.key.clone()) };
        // `file://host/path`: the host is always this one.
        let path = match address.strip_prefix("//") {
            Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
            None => address,
        };
        match host.stat(path, true)? {
            None => fail!("Path to a key file not found: {path}"),
            Some(stat) if !stat.is_file() => {
                fail!("Path to a key is a directory and must be a file: {path}")
            }
            Some(_) => Ok(host.read_text(path)?.unwrap_or_default()),
        }
    }

    fn keys(&self, source: &str) -> Result<Vec<Key>> {
        let lines = source.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let key = |line: &str| {
            let mut key = Key::of(line)
                .ok_or_else(|| Failure::new(format!("invalid key specified: {line}")).of_arg("key"))?;
            if let Some(options) = &self.key_options {
                key.options = parse_options(options);
            }
            if let Some(comment) = &self.comment {
                key.comment.clone_from(comment);
            }
            Ok(key)
        };
        lines.map(key).collect()
    }

    /// The user, who need not be there yet in check mode, and the file.
    fn place(&self, host: &Host) -> Result<(Option<User>, PathBuf)> {
        let user = host.user(&self.user);
        let file = match (&self.path, &user) {
            (Some(path), _) if host.check_mode() => path.clone(),
            (_, None) if host.check_mode() => {
                fail!("Either user must exist or you must provide full path to key file in check mode")
            }
            (_, None) => {
                let name = &self.user;
                fail!("Failed to lookup user {name}: \"getpwnam(): name not found: '{name}'\"")
            }
            (Some(path), Some(_)) => path.clone(),
            (None, Some(user)) => Path::new(&user.home).join(".ssh/authorized_keys"),
        };
        Ok((user, if self.follow { host.real_path(&file) } else { file }))
    }

    fn write(
        &self,
        host: &mut Host,
        user: &User,
        file: &Path,
        before: Option<&str>,
        after: &str,
    ) -> Result<()> {
        let own = |mode: &str| FileAttrs {
            mode: Some(Value::str(mode)),
            owner: Some(user.uid.to_string()),
            group: Some(user.gid.to_string()),
            ..FileAttrs::default()
        };
        let folder = file.parent().unwrap_or(Path::new("/"));
        if !self.follow {
            // What a user may replace by a link must not lead the superuser elsewhere.
            for path in [folder, file] {
                if self.path.is_none() && host.stat(path, false)?.is_some_and(|s| s.file_type().is_symlink())
                {
                    fail!(
                        "File open failed {} : it is a symbolic link; say follow: true to allow it",
                        path.display()
                    );
                }
            }
        }
        if !host.exists(folder)? {
            host.make_dirs(folder)?;
        }
        if self.manage_dir {
            host.apply_attributes(folder, &own("0700"), self.follow)?;
        }
        let how = Edit { replace_link: !self.follow, quiet: true, ..Edit::default() };
        host.edit(file, before, after, &how)?;
        host.apply_attributes(file, &own("0600"), self.follow)?;
        Ok(())
    }

    /// The arguments as the result repeats them.
    fn as_given(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("user", Value::from(&self.user)),
            ("key", Value::from(&self.key)),
            ("path", Value::from(self.path.as_ref().map(|p| p.to_string_lossy().into_owned()))),
            ("manage_dir", Value::Bool(self.manage_dir)),
            ("state", Value::str(self.state.as_str())),
            ("key_options", Value::from(self.key_options.as_ref())),
            ("exclusive", Value::Bool(self.exclusive)),
            ("comment", Value::from(self.comment.as_ref())),
            ("validate_certs", Value::Bool(self.validate_certs)),
            ("follow", Value::Bool(self.follow)),
        ]
    }
}
