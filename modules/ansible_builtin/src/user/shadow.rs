//! Passwords and how long they last, as `/etc/shadow` keeps them.

use rustible_sdk::prelude::*;

use super::Args;

/// A line of `shadow`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shadow {
    pub(super) password: String,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) warn: Option<i64>,
    pub(super) inactive: Option<i64>,
    /// The day after 1970 on which the account ends.
    pub(super) expires: Option<i64>,
}

impl Shadow {
    pub(super) fn of(name: &str, host: &Host) -> Result<Self> {
        // Without a line the account counts as one that ended on the first day, so that its end is always set.
        let none = Self { expires: Some(0), ..Self::default() };
        // Only root may read it; others learn what the programs say.
        if !host.may("/etc/shadow", 4) {
            return Ok(none);
        }
        let bytes = host.read("/etc/shadow")?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        Ok(Self::find(&text, name).unwrap_or(none))
    }

    fn find(text: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = text
            .lines()
            .map(|line| line.split(':').collect())
            .find(|f: &Vec<&str>| f.first() == Some(&name))?;
        let number = |at: usize| fields.get(at).and_then(|text| text.parse().ok());
        Some(Self {
            password: fields.get(1).map_or_else(String::new, |text| (*text).to_string()),
            min: number(3),
            max: number(4),
            warn: number(5),
            inactive: number(6),
            expires: number(7),
        })
    }
}

/// Say that a password looks as if it was not hashed.
pub(super) fn check(args: &Args, host: &mut Host) {
    let Some(password) = args.password.as_deref().filter(|password| !password.is_empty()) else { return };
    if !matches!(password, "*" | "!" | "*************") && !is_hash(password) {
        host.warn(
            "The input password appears not to have been hashed. The 'password' argument must be encrypted for \
             this module to work properly.",
        );
    }
}

fn is_hash(password: &str) -> bool {
    let fields: Vec<&str> = password.split('$').collect();
    let last = fields.last().copied().unwrap_or_default();
    let length = match fields.get(1).copied() {
        Some("1") => Some(22),
        Some("5" | "y") => Some(43),
        Some("6") => Some(86),
        _ => None,
    };
    fields.len() >= 3
        && !password.contains([':', '*', '!'])
        && last.chars().all(|c| c.is_ascii_alphanumeric() || "./=".contains(c))
        && length.is_none_or(|length| last.len() == length)
}

/// Set the password. It goes through standard input, where no process list shows it.
pub(super) fn set_password(args: &Args, new: bool, now: &Shadow, host: &mut Host) -> Result<()> {
    let Some(wanted) = args.password.as_deref().filter(|_| new || args.update_password == "always") else {
        return Ok(());
    };
    // A locked password is the same password.
    if !new && now.password.trim_start_matches('!') == wanted.trim_start_matches('!') {
        return Ok(());
    }
    let lock = if args.password_lock == Some(true) { "!" } else { "" };
    let line = format!("{}:{lock}{wanted}\n", args.name);
    let program = host.need_program("chpasswd")?;
    let output = host.change(&Command::new([program.as_str(), "-e"]).stdin(line).plain_language())?;
    failed_as(args, &output)
}

/// Whether usermod is to lock (`-L`) or unlock (`-U`) the password that is there.
pub(super) fn lock(args: &Args, now: &Shadow) -> Option<&'static str> {
    let replaced = args.update_password == "always"
        && args
            .password
            .as_deref()
            .is_some_and(|wanted| now.password.trim_start_matches('!') != wanted.trim_start_matches('!'));
    match (args.password_lock, now.password.starts_with('!')) {
        _ if replaced => None,
        (Some(true), false) => Some("-L"),
        (Some(false), true) => Some("-U"),
        _ => None,
    }
}

/// The argument of `-e`, when the account is to end on another day: empty for never.
pub(super) fn end(args: &Args, now: &Shadow) -> Result<Option<String>> {
    let Some(wanted) = args.expires else { return Ok(None) };
    if wanted < 0.0 {
        return Ok(now.expires.filter(|day| *day >= 0).map(|_| String::new()));
    }
    let seconds = format!("{:.0}", wanted.floor()).parse::<i64>().unwrap_or(i64::MAX);
    if now.expires == Some(seconds / 86400) {
        return Ok(None);
    }
    let bad = |e: jiff::Error| Failure::new(format!("Invalid value for 'expires' {wanted}: {e}"));
    let time = jiff::Timestamp::from_second(seconds).map_err(bad)?;
    Ok(Some(time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string()))
}

/// Days between which, and before the end of which, the password is changed.
pub(super) fn set_ages(args: &Args, host: &mut Host) -> Result<()> {
    let now = Shadow::of(&args.name, host)?;
    let ages = [
        ("-m", args.password_expire_min, now.min),
        ("-M", args.password_expire_max, now.max),
        ("-W", args.password_expire_warn, now.warn),
    ];
    let mut words = Vec::new();
    for (flag, wanted, now) in ages {
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != now) {
            words.extend([flag.to_string(), wanted.to_string()]);
        }
    }
    if words.is_empty() {
        return Ok(());
    }
    let command = Command::new([host.need_program("chage")?]).args(words).arg(args.name.as_str());
    let output = host.change(&command.plain_language())?;
    failed_as(args, &output)
}

pub(super) fn failed_as(args: &Args, output: &Output) -> Result<()> {
    if output.ok() {
        return Ok(());
    }
    Err(Failure::new(output.stderr.clone()).with("name", args.name.as_str()).with("rc", output.rc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_shadow_has_its_fields() {
        let text = "root:*:1:0:99999:7:::\nann:!$6$x:19000:1:90:5:3:20000:\n";
        let ann = Shadow::find(text, "ann").unwrap();
        assert_eq!((ann.password.as_str(), ann.min, ann.expires), ("!$6$x", Some(1), Some(20000)));
        assert_eq!(Shadow::find(text, "root").unwrap().expires, None);
        assert_eq!(Shadow::find(text, "an"), None);
    }

    #[test]
    fn what_is_no_hash_is_seen() {
        assert!(!is_hash("secret"));
        assert!(!is_hash("$6$salt$short"));
        assert!(is_hash(&format!("$6$salt${}", "a".repeat(86))));
        assert!(is_hash(&format!("$y$j9T$salt${}", "b".repeat(43))));
    }
}
