//! The user's home, and a key pair in it.

use rustible_sdk::{User, prelude::*};

use super::{Args, shadow::failed_as};

/// Homes of users that are to have none.
const NONE: [&str; 3] = ["/nonexistent", "/dev/null", "/var/empty"];

/// Make the home when it is not there: a copy of the skeleton, with the permissions of `login.defs`.
pub(super) fn make(args: &Args, user: &User, host: &mut Host) -> Result<()> {
    let home = args.home.clone().unwrap_or_else(|| PathBuf::from(&user.home));
    if !args.create_home || NONE.iter().any(|none| home == Path::new(none)) || host.exists(&home)? {
        return Ok(());
    }
    let path = home.to_string_lossy().into_owned();
    let skeleton = args.skeleton.clone().unwrap_or_else(|| PathBuf::from("/etc/skel"));
    let from = format!("{}/.", skeleton.to_string_lossy().trim_end_matches('/'));
    host.make_dirs(&home)?;
    let mut steps = Vec::new();
    if host.is_dir(&skeleton)? {
        steps.push(Command::new(["cp", "-dR", &from, &path]));
    }
    let rights = rights(&host.read_text("/etc/login.defs")?.unwrap_or_default());
    steps.push(Command::new(["chmod", &format!("{rights:o}"), &path]));
    steps.push(Command::new(["chown", "-hR", &format!("{}:{}", user.uid, user.gid), &path]));
    for step in steps {
        failed_as(args, &host.change(&step.plain_language())?)?;
    }
    Ok(())
}

/// Permissions of a new home.
fn rights(defs: &str) -> u32 {
    let value = |name: &str| {
        let mut lines = defs.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = lines.find(|words| words.first() == Some(&name))?;
        u32::from_str_radix(found.get(1)?, 8).ok()
    };
    value("HOME_MODE").or_else(|| value("UMASK").map(|mask| 0o777 & !mask)).unwrap_or(0o755)
}

/// Make a key pair with `ssh-keygen` and tell of it.
pub(super) fn key(args: &Args, user: &User, host: &mut Host, result: &mut Dict) -> Result<()> {
    let file =
        args.ssh_key_file.clone().unwrap_or_else(|| PathBuf::from(format!(".ssh/id_{}", args.ssh_key_type)));
    let file = Path::new(&user.home).join(file);
    if !host.is_dir(&user.home)? && !host.check_mode() {
        let text = format!("User {} home directory does not exist", user.name);
        return Err(Failure::new(text).with("name", args.name.as_str()).with("rc", 1));
    }
    let keygen = host.need_program("ssh-keygen")?;
    let path = file.to_string_lossy().into_owned();
    let public = format!("{path}.pub");
    let mut kept = false;
    for (kind, one) in [("private", &path), ("public", &public)] {
        if kept || !host.exists(one)? {
            continue;
        }
        if args.force {
            host.warn(format!("Overwriting existing ssh key {kind} file \"{one}\""));
            host.remove(one)?;
        } else {
            host.warn(format!(
                "Found existing ssh key {kind} file \"{one}\", no force, so skipping ssh-keygen generation"
            ));
            kept = true;
        }
    }
    if !kept {
        generate(args, &keygen, (user, &file), host)?;
    }
    let shown = host.query(&Command::new([keygen.as_str(), "-l", "-f", &path]))?;
    let shown = if shown.ok() { shown.stdout } else { shown.stderr };
    result.insert("ssh_fingerprint", shown.trim());
    result.insert("ssh_key_file", path);
    result.insert("ssh_public_key", host.read_text(&public)?.map(|text| text.trim().to_string()));
    Ok(())
}

fn generate(args: &Args, keygen: &str, (user, file): (&User, &Path), host: &mut Host) -> Result<()> {
    let owner = format!("{}:{}", user.uid, user.gid);
    let path = file.to_string_lossy().into_owned();
    let folder = file.parent().unwrap_or(Path::new("/")).to_path_buf();
    if !host.is_dir(&folder)? {
        host.make_dirs(&folder)?;
        let name = folder.to_string_lossy().into_owned();
        for words in [["chmod", "0700", &name], ["chown", &owner, &name]] {
            failed_as(args, &host.change(&Command::new(words).plain_language())?)?;
        }
    }
    let comment =
        args.ssh_key_comment.clone().unwrap_or_else(|| format!("ansible-generated on {}", host.uname()[1]));
    let mut command = Command::new([keygen, "-t", &args.ssh_key_type]);
    if args.ssh_key_bits > 0 {
        command = command.args(["-b".to_string(), args.ssh_key_bits.to_string()]);
    }
    let command = command.args(["-C", &comment, "-f", &path]).plain_language();
    match args.ssh_key_passphrase.as_deref().filter(|phrase| !phrase.is_empty()) {
        None => failed_as(args, &host.change(&command.args(["-N", ""]))?)?,
        Some(phrase) => {
            // Told by a program that reads it from its environment: a command line would show it to everybody.
            let folder = host.temp_dir()?;
            let asked = folder.path().join("ask");
            let script = "#!/bin/sh\nprintf '%s\\n' \"$RUSTIBLE_PASSPHRASE\"\n";
            host.write_program(&asked, script.as_bytes())?;
            let command = command
                .env("SSH_ASKPASS", asked.to_string_lossy())
                .env("SSH_ASKPASS_REQUIRE", "force")
                .env("DISPLAY", ":0")
                .env("RUSTIBLE_PASSPHRASE", phrase);
            failed_as(args, &host.change(&command)?)?;
        }
    }
    let give = Command::new(["chown", "-h", &owner, &path, &format!("{path}.pub")]);
    failed_as(args, &host.change(&give.plain_language())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_home_has_the_permissions_the_system_wants() {
        assert_eq!(rights("# HOME_MODE 0700\nUMASK\t\t027\n"), 0o750);
        assert_eq!(rights("UMASK 022\nHOME_MODE 0700\n"), 0o700);
        assert_eq!(rights(""), 0o755);
    }
}
