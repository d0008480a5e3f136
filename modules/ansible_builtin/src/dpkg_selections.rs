//! `ansible.builtin.dpkg_selections`: what dpkg is told to do with a package, such as holding it.

use rustible_sdk::prelude::*;

/// Select what happens to a package.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The package.
    name: String,
    /// What is to happen to it.
    selection: Selection,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    Install,
    Hold,
    Deinstall,
    Purge,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let dpkg = host.need_program("dpkg")?;
    let (name, wanted) = (args.name.as_str(), args.selection.as_str());
    let asked = Command::new([dpkg.as_str(), "--get-selections", name]).plain_language();
    let output = host.query(&asked)?.or_fail(|o| o.stderr.trim_end().to_string())?;
    if output.stderr.contains("no packages found matching") {
        fail!("Failed to find package '{name}' to perform selection '{wanted}'.");
    }
    let now = selection(&output.stdout).unwrap_or("not present");
    if now != wanted {
        let line = format!("{name} {wanted}\n");
        let set = Command::new([dpkg.as_str(), "--set-selections"]).plain_language().stdin(line);
        host.change(&set)?.or_fail(|o| o.stderr.trim_end().to_string())?;
    }
    Ok(Outcome::new().with("before", now).with("after", wanted))
}

/// The selection in a line of `dpkg --get-selections`.
fn selection(text: &str) -> Option<&str> {
    text.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use rustible_sdk::{Output, testing::*};

    use super::*;

    fn reply(answers: &[(&str, &str, &str)], check: bool) -> (rustible_sdk::Reply, Vec<String>) {
        let entry = crate::entry("dpkg_selections");
        let answer = |(line, out, err): &(&str, &str, &str)| {
            let output = Output { rc: 0, stdout: (*out).to_string(), stderr: (*err).to_string() };
            ((*line).to_string(), output)
        };
        let script = Script::new(answers.iter().map(answer).collect());
        let args = rustible_sdk::dict! { "name" => "nano", "selection" => "hold" };
        let folder = std::env::temp_dir();
        let reply = run_rooted(entry, &folder, args, check, Some(script.clone()));
        (reply, script.asked())
    }

    #[test]
    fn a_package_that_is_not_held_is_held_and_check_mode_only_says_so() {
        let script =
            [("dpkg --get-selections nano", "nano\t\tinstall\n", ""), ("dpkg --set-selections", "", "")];
        let (done, asked) = reply(&script, false);
        assert_eq!(done.result.get("before"), Some(&Value::str("install")));
        assert_eq!(done.result.get("changed"), Some(&Value::Bool(true)));
        assert_eq!(asked.len(), 2);
        let (told, asked) = reply(&script, true);
        assert_eq!(told.result.get("changed"), Some(&Value::Bool(true)));
        assert_eq!(asked, ["dpkg --get-selections nano"]);
    }

    #[test]
    fn an_unknown_package_is_named() {
        let none = "dpkg: no packages found matching nano\n";
        let (done, _) = reply(&[("dpkg --get-selections nano", "", none)], false);
        let said = "Failed to find package 'nano' to perform selection 'hold'.";
        assert_eq!(done.result.get("msg"), Some(&Value::str(said)));
    }

    #[test]
    fn what_is_held_stays() {
        let (done, asked) = reply(&[("dpkg --get-selections nano", "nano\thold\n", "")], false);
        assert_eq!(done.result.get("changed"), Some(&Value::Bool(false)));
        assert_eq!(asked.len(), 1);
    }
}
