//! What can be typed at the console's prompt.

use rustible_protocol::{Origin, Value, coerce};

use super::session::Session;
use crate::{
    commands::{adhoc, doc},
    exit::fail,
};

/// The words that are not modules.
pub(super) const NAMES: [&str; 18] = [
    "EOF",
    "become",
    "become_method",
    "become_user",
    "cd",
    "check",
    "collections",
    "diff",
    "exit",
    "forks",
    "help",
    "list",
    "remote_user",
    "serial",
    "shell",
    "timeout",
    "verbosity",
    "?",
];

/// Do what a line says; whether it was the last.
pub(super) fn run(session: &mut Session, line: &str) -> bool {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match word {
        "" => {}
        "exit" | "EOF" => return true,
        _ if word.starts_with('#') => {}
        _ if word.starts_with('!') => task(session, "shell", line.trim_start_matches('!')),
        _ if word.starts_with('?') => help(session, line.trim_start_matches('?').trim()),
        "help" => help(session, rest),
        "shell" => task(session, "shell", rest),
        "cd" => choose(session, rest),
        "list" => list(session, rest),
        "forks" => forks(session, rest),
        "serial" => serial(session, rest),
        "verbosity" => verbosity(session, rest),
        "timeout" => timeout(session, rest),
        "become" => flag(session, ("become", "become"), rest, "become value, e.g. `become yes`"),
        "check" => flag(session, ("check_mode", "check mode"), rest, "check mode value, e.g. `check yes`"),
        "diff" => flag(session, ("diff", "diff mode"), rest, "a diff value , e.g. `diff yes`"),
        "remote_user" => name(session, "remote_user", rest, "a remote user, e.g. `remote_user root`"),
        "become_user" => name(session, "become_user", rest, "a user, e.g. `become_user jenkins`"),
        "become_method" => name(session, "become_method", rest, "a become_method, e.g. `become_method su`"),
        "collections" => collections(session, rest),
        module if session.is_module(module) => task(session, module, rest),
        // What is no module is a command line.
        _ => task(session, "shell", line),
    }
    false
}

fn say(session: &Session, text: &str) {
    session.display.line(text, None);
}

/// Said with `-v` only.
fn mention(session: &Session, text: &str) {
    if session.play.inventory.verbose > 0 {
        say(session, text);
    }
}

fn task(session: &mut Session, module: &str, given: &str) {
    let plain = module.strip_prefix("ansible.builtin.").unwrap_or(module);
    let place = Origin::new(&"<console arguments>".into(), 0, 0);
    match adhoc::arguments(given, plain, Some(place)) {
        Ok(args) => session.task(module, args),
        Err(error) => drop(fail(&session.display, &error)),
    }
}

fn help(session: &Session, topic: &str) {
    let text = match topic {
        "" => {
            say(
                session,
                "\nDocumented commands (type help <topic>):\n========================================",
            );
            session.words().iter().for_each(|word| say(session, word));
            return say(session, "");
        }
        "cd" => "Change active host/group. You can use hosts patterns as well eg.: cd webservers:dbservers",
        "list" => "List the hosts in the current group, or with `groups` all groups\nUsage: list [groups]",
        "forks" => "Set the number of forks to use per task\nUsage: forks <number>",
        "serial" => "Set the number of hosts at a time\nUsage: serial <number>",
        "verbosity" => "Set how much is told\nUsage: verbosity <number>",
        "timeout" => "Set the seconds that a task may take, 0 for any time\nUsage: timeout <seconds>",
        "become" => "Toggle whether tasks are run as another user\nUsage: become <yes|no>",
        "become_user" => "Set the user that tasks are run as\nUsage: become_user <name>",
        "become_method" => "Set how another user is become\nUsage: become_method <name>",
        "remote_user" => "Set the user to log in as\nUsage: remote_user <name>",
        "check" => "Toggle whether tasks only predict what they would change\nUsage: check <yes|no>",
        "diff" => "Toggle whether tasks show what they change\nUsage: diff <yes|no>",
        "collections" => {
            "Set the collections in which short names are looked for\nUsage: collections <name> ..."
        }
        "shell" => "Run a command line on the hosts; `!` does the same\nUsage: shell <command line>",
        "exit" | "EOF" => "Leave the console",
        "help" | "?" => "List the commands, or tell of one\nUsage: help [command or module]",
        module if session.is_module(module) => {
            doc::main(&["ansible-doc".to_string(), module.to_string()]);
            return;
        }
        other => return say(session, &format!("*** No help on {other}")),
    };
    say(session, text);
}

fn choose(session: &mut Session, pattern: &str) {
    let wanted = match pattern {
        "" => "*",
        "/" | "*" | "/*" => "all",
        other => other,
    };
    match session.hosts(wanted) {
        Ok(hosts) if hosts.is_empty() => say(session, "no host matched"),
        Ok(_) => session.pattern = wanted.to_string(),
        Err(error) => drop(fail(&session.display, &error)),
    }
}

fn list(session: &Session, what: &str) {
    match what {
        "groups" => session.groups().iter().for_each(|group| say(session, group)),
        "" => match session.hosts(&session.pattern) {
            Ok(hosts) => hosts.iter().for_each(|host| say(session, host)),
            Err(error) => drop(fail(&session.display, &error)),
        },
        _ => say(session, "Invalid option passed to 'list', must be 'groups' or nothing"),
    }
}

fn forks(session: &mut Session, given: &str) {
    match given.parse::<usize>() {
        _ if given.is_empty() => say(session, "Usage: forks <number>"),
        Ok(0) => say(session, "forks must be greater than or equal to 1"),
        Ok(number) => {
            session.play.run.forks = Some(number);
            session.renew();
        }
        Err(_) => say(session, &format!("The forks must be a valid integer: '{given}'")),
    }
}

fn serial(session: &mut Session, given: &str) {
    match given.parse::<i64>() {
        Ok(0) => drop(session.keywords.remove("serial")),
        Ok(number) if number > 0 => drop(session.keywords.insert("serial", number)),
        _ => say(session, "Usage: serial <number>"),
    }
}

fn verbosity(session: &mut Session, given: &str) {
    match given.parse::<u8>() {
        _ if given.is_empty() => say(session, "Usage: verbosity <number>"),
        Ok(level) => {
            session.play.inventory.verbose = level;
            session.renew();
            mention(session, &format!("verbosity level set to {level}"));
        }
        Err(_) => say(session, &format!("The verbosity must be a valid integer: '{given}'")),
    }
}

fn timeout(session: &mut Session, given: &str) {
    match given.parse::<u32>() {
        Ok(seconds) => session.timeout = seconds,
        Err(_) if given.starts_with('-') => {
            say(session, "The timeout must be greater than or equal to 1, use 0 to disable");
        }
        Err(_) => say(session, "Usage: timeout <seconds>"),
    }
}

/// A keyword that is on or off.
fn flag(session: &mut Session, (keyword, shown): (&str, &str), given: &str, wanted: &str) {
    if given.is_empty() {
        return say(session, &format!("Please specify {wanted}"));
    }
    match coerce::boolean(&Value::from(given)) {
        Ok(on) => {
            session.keywords.insert(keyword, on);
            let text = format!("{shown} changed to {}", if on { "True" } else { "False" });
            // Whether tasks run as somebody else shows in the prompt.
            if keyword == "become" { mention(session, &text) } else { say(session, &text) }
        }
        Err(error) => say(session, &error),
    }
}

/// A keyword that is a name.
fn name(session: &mut Session, keyword: &str, given: &str, wanted: &str) {
    if given.is_empty() {
        return say(session, &format!("Please specify {wanted}"));
    }
    session.keywords.insert(keyword, given);
}

fn collections(session: &mut Session, given: &str) {
    let names: Vec<Value> =
        given.split([' ', ',']).filter(|name| !name.is_empty()).map(Value::from).collect();
    if names.is_empty() {
        session.keywords.remove("collections");
    } else {
        session.keywords.insert("collections", names);
    }
}
