//! `ansible.builtin.cron`: jobs and variables in users' crontabs and in files of `cron.d`.

mod table;

use rustible_sdk::prelude::*;

use table::Table;

/// Manage cron jobs.
#[derive(Args)]
#[args(check = full, diff = full, mutually_exclusive(insertafter, insertbefore))]
pub(crate) struct Args {
    /// Name of the job, or of the variable.
    name: String,
    /// Whose crontab; in a file of `cron.d` the user the job runs as.
    user: Option<String>,
    /// The command, or the variable's value.
    #[arg(alias("value"))]
    job: Option<String>,
    /// A file in `/etc/cron.d` instead of a user's crontab.
    cron_file: Option<PathBuf>,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: State,
    /// Keep the old crontab beside.
    #[arg(default = false)]
    backup: bool,
    /// Minutes.
    #[arg(default = "*")]
    minute: String,
    /// Hours.
    #[arg(default = "*")]
    hour: String,
    /// Days of the month.
    #[arg(default = "*", alias("dom"))]
    day: String,
    /// Months.
    #[arg(default = "*")]
    month: String,
    /// Days of the week.
    #[arg(default = "*", alias("dow"))]
    weekday: String,
    /// A time with a name instead.
    #[arg(choices("reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"))]
    special_time: Option<String>,
    /// Whether the job is there but does not run.
    #[arg(default = false)]
    disabled: bool,
    /// Whether this is about a variable.
    #[arg(default = false)]
    env: bool,
    /// The variable after which a new one comes.
    insertafter: Option<String>,
    /// The variable before which a new one comes.
    insertbefore: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

/// Where the table is kept.
struct Store {
    file: Option<PathBuf>,
    /// `crontab` with the option for another user.
    crontab: Vec<String>,
    header: String,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let store = Store::of(&args, host)?;
    let text = store.read(host)?;
    args.refuse()?;
    let mut table = Table::of(&text);
    let changed = args.apply(&mut table, host)?;
    let present = args.state == State::Present;
    let difference = |after: &str, header: &str| {
        dict! { "before" => text.as_str(), "before_header" => store.header.as_str(), "after" => after,
        "after_header" => header }
    };
    if let (Some(file), true) = (&store.file, changed && !present && !args.env && table.is_empty()) {
        host.remove(file)?;
        let diff = if host.wants_diff() { difference("", "/dev/null") } else { Dict::new() };
        let name = args.cron_file.as_ref().map(|file| file.to_string_lossy().into_owned());
        return Ok(Outcome::new().with("cron_file", name).with("state", "absent").with("diff", diff));
    }
    let unfinished = !text.is_empty() && !text.ends_with(['\r', '\n']);
    let words = |names: Vec<&str>| names.into_iter().map(Value::from).collect::<Vec<_>>();
    let mut out = Outcome::new().with("jobs", words(table.jobs())).with("envs", words(table.variables()));
    if changed || unfinished {
        host.mark_changed();
        if args.backup && !host.check_mode() {
            let kept = host.make_temp(&host.temp_root(), ("crontab", ""), false)?;
            host.write(&kept, &mut Table::of(&text).text().as_bytes(), &Edit::default())?;
            out = out.with("backup_file", kept.to_string_lossy().into_owned());
        }
        store.write(&table.text(), host)?;
        if host.wants_diff() {
            out = out.with("diff", difference(&table.text(), &store.header));
        }
    }
    Ok(out.with_some("cron_file", args.cron_file.map(|file| file.to_string_lossy().into_owned())))
}

impl Store {
    fn of(args: &Args, host: &mut Host) -> Result<Self> {
        let file = args.cron_file.as_ref().map(|file| Path::new("/etc/cron.d").join(file));
        if let Some(file) = &file {
            if file == Path::new("/etc/crontab") {
                fail!("Will not manage /etc/crontab via cron_file, see documentation.");
            }
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
                host.warn(format!(
                    "Filename portion of cron_file (\"{name}\") should consist solely of upper- and lower-case \
                     letters, digits, underscores, and hyphens"
                ));
            }
        }
        let mut crontab = vec![host.need_program("crontab")?];
        let own = host.user_by_id(host.own_uid()).map(|user| user.name);
        if let Some(user) = args.user.as_ref().filter(|user| Some(*user) != own.as_ref()) {
            crontab.extend(["-u".to_string(), user.clone()]);
        }
        let header = match (&file, &args.user) {
            (Some(file), _) => file.to_string_lossy().into_owned(),
            (None, Some(user)) => format!("crontab for user \"{user}\""),
            (None, None) => "crontab".to_string(),
        };
        Ok(Self { file, crontab, header })
    }

    fn read(&self, host: &Host) -> Result<String> {
        if let Some(file) = &self.file {
            return Ok(host.read_text(file)?.unwrap_or_default());
        }
        let output = host.query(&Command::new(self.crontab.clone()).arg("-l").plain_language())?;
        match output.rc {
            // 1 may mean that there are no jobs.
            0 | 1 => Ok(table::without_banner(&output.stdout)),
            _ => Err(output.failure("Unable to read crontab")),
        }
    }

    fn write(&self, text: &str, host: &mut Host) -> Result<()> {
        if let Some(file) = &self.file {
            return host.write(file, &mut text.as_bytes(), &Edit::default()).map(drop);
        }
        let output = host.change(&Command::new(self.crontab.clone()).arg("-").stdin(text))?;
        output.or_fail(|_| "Failed to install new cronfile".to_string()).map(drop)
    }
}

impl Args {
    /// What arguments cannot say together.
    fn refuse(&self) -> Result<()> {
        let times = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        if self.special_time.is_some() && times.iter().any(|time| *time != "*") {
            fail!("You cannot combine special_time with any of the time or day/date parameters.");
        }
        if self.state == State::Present {
            if self.cron_file.is_some() && self.user.is_none() {
                fail!("To use cron_file=... parameter you must specify user=... as well");
            }
            if self.job.is_none() {
                fail!("You must specify 'job' to install a new cron job or variable");
            }
            if (self.insertafter.is_some() || self.insertbefore.is_some()) && !self.env {
                fail!("Insertafter and insertbefore parameters are valid only with env=yes");
            }
        }
        if self.env && self.name.contains(' ') {
            fail!("Invalid name for environment variable");
        }
        Ok(())
    }

    fn apply(&self, table: &mut Table, host: &mut Host) -> Result<bool> {
        let job = self.job.as_deref().unwrap_or_default();
        Ok(match (self.env, self.state) {
            (true, State::Present) => {
                let place = if table.variable(&self.name).is_none() { self.place(table)? } else { 0 };
                table.put_variable(&self.name, &format!("{}=\"{job}\"", self.name), place)
            }
            (true, State::Absent) => table.drop_variable(&self.name),
            (false, State::Present) => {
                let job = job.trim_matches(['\r', '\n']);
                if job.contains(['\r', '\n']) {
                    host.warn("Job should not contain line breaks");
                }
                table.put_job(&self.name, &self.line(job))
            }
            (false, State::Absent) => table.drop_job(&self.name),
        })
    }

    /// Where a new variable comes.
    fn place(&self, table: &Table) -> Result<usize> {
        let Some(other) = self.insertafter.as_ref().or(self.insertbefore.as_ref()) else { return Ok(0) };
        match table.variable(other) {
            Some(at) => Ok(at + usize::from(self.insertafter.is_some())),
            None => fail!("Variable named '{other}' not found."),
        }
    }

    fn line(&self, job: &str) -> String {
        let times = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday].map(String::as_str);
        let when = self.special_time.as_ref().map_or_else(|| times.join(" "), |name| format!("@{name}"));
        let off = if self.disabled { "#" } else { "" };
        match (&self.cron_file, &self.user) {
            (Some(_), Some(user)) => format!("{off}{when} {user} {job}"),
            _ => format!("{off}{when} {job}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::*;

    use super::*;

    #[test]
    fn a_job_of_a_user_is_installed_once() {
        let said = |text: &str| Output { stdout: text.to_string(), ..Output::default() };
        let job = "#Ansible: x\n0 5 * * * ls\n";
        let folder = std::env::temp_dir();
        let args = dict! { "name" => "x", "job" => "ls", "hour" => "5", "minute" => "0", "user" => "no-one" };
        let run = |table: &str| {
            let lines = [("crontab -u no-one -l", said(table)), ("crontab -u no-one -", said(""))];
            let script = Script::new(lines.map(|(line, output)| (line.to_string(), output)).to_vec());
            let entry = crate::entry("cron");
            (run_rooted(entry, &folder, args.clone(), false, Some(script.clone())), script.asked().len())
        };
        let (fresh, asked) = run("");
        assert_eq!((fresh.result.get("changed"), asked), (Some(&Value::Bool(true)), 2), "{fresh:?}");
        let diff = fresh.result.get("diff").and_then(Value::as_dict).unwrap();
        assert_eq!(diff.get("after"), Some(&Value::str(job)));
        let (again, asked) = run(job);
        assert_eq!((again.result.get("changed"), asked), (Some(&Value::Bool(false)), 1));
    }
}
