//! What `ufw` says of itself: its state, its rules, its version.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Files where `ufw` keeps the rules of its user, in the places it had over time.
pub(crate) const RULES: [&str; 6] = [
    "/lib/ufw/user.rules",
    "/lib/ufw/user6.rules",
    "/etc/ufw/user.rules",
    "/etc/ufw/user6.rules",
    "/var/lib/ufw/user.rules",
    "/var/lib/ufw/user6.rules",
];

/// Lines that describe rules.
pub(crate) fn tuples(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| line.starts_with("### tuple")).collect()
}

/// Whether `ufw status` says that it is active.
pub(crate) fn is_active(status: &str) -> bool {
    status.contains(" active")
}

/// The policy for a direction (`incoming`, `outgoing`, `routed`) in `ufw status verbose`.
pub(crate) fn policy<'s>(status: &'s str, direction: &str) -> Option<&'s str> {
    let line = status.lines().find_map(|line| line.strip_prefix("Default: "))?;
    let part = line.split(", ").find(|part| part.ends_with(&format!("({direction})")))?;
    part.split(' ').next()
}

/// Whether the level of logging would become another one.
pub(crate) fn logging_differs(status: &str, wanted: &str) -> bool {
    let Some(line) = status.lines().find_map(|line| line.strip_prefix("Logging: ")) else { return true };
    let (on, level) = line.split_once(' ').unwrap_or((line, ""));
    let level = level.trim_matches(['(', ')']);
    match wanted {
        "off" => on != "off",
        _ if on == "off" => true,
        "on" => false,
        wanted => wanted != level,
    }
}

/// Major and minor version of `ufw --version`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let number = line.strip_prefix("ufw")?.split_whitespace().find(|word| word.contains('.'))?;
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The family of an address with or without a prefix length.
pub(crate) fn family(address: &str) -> Option<u8> {
    let bare = address.split('/').next().unwrap_or_default();
    if bare.parse::<Ipv4Addr>().is_ok() {
        return Some(4);
    }
    bare.parse::<Ipv6Addr>().is_ok().then_some(6)
}

/// The lines with an address of a family in them.
pub(crate) fn of_family(rules: &str, wanted: u8) -> Vec<&str> {
    rules.lines().filter(|line| line.split(' ').any(|word| family(word) == Some(wanted))).collect()
}

/// The place a new rule is inserted at, counted from a place in `ufw status numbered`; `None` is behind the last one.
/// The second says whether the list was not in the order that is expected.
pub(crate) fn insert_at(numbered: &str, offset: i64, relative: &str) -> (Option<i64>, bool) {
    let rules: Vec<(i64, bool)> = numbered.lines().filter_map(numbered_rule).collect();
    let last = |six: bool| rules.iter().filter(|(_, v6)| *v6 == six).map(|(n, _)| *n).max();
    let first_six = rules.iter().filter(|(_, v6)| *v6).map(|(n, _)| *n).min();
    let (last_four, last_six, end) =
        (last(false), last(true), rules.iter().map(|(n, _)| *n).max().unwrap_or(0));
    let mixed = matches!((last_four, first_six), (Some(four), Some(six)) if four > six);
    let base = match relative {
        "last-ipv4" => last_four.unwrap_or(1),
        "first-ipv6" => first_six.unwrap_or_else(|| last_four.map_or(1, |n| n + 1)),
        "last-ipv6" => last_six.unwrap_or(end + 1),
        _ => 1,
    };
    let at = offset + base;
    ((at <= end).then_some(at), mixed)
}

fn numbered_rule(line: &str) -> Option<(i64, bool)> {
    let (number, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let six = rest.contains("(v6)") || rest.split_whitespace().any(|word| family(word) == Some(6));
    Some((number.trim().parse().ok()?, six))
}

/// Whether some rule lets a TCP port in.
pub(crate) fn lets_in(tuples: &str, port: u16) -> bool {
    tuples.lines().any(|line| {
        let words: Vec<&str> = line.trim_start_matches("### tuple ### ").split(' ').collect();
        let (Some(action), Some(proto), Some(ports)) = (words.first(), words.get(1), words.get(2)) else {
            return false;
        };
        let open = action.starts_with("allow") || action.starts_with("limit");
        let inward = !words.iter().any(|word| *word == "out" || word.starts_with("out_"));
        open && inward && matches!(*proto, "any" | "tcp") && ports.split(',').any(|range| covers(range, port))
    })
}

fn covers(range: &str, port: u16) -> bool {
    let number = |text: &str| text.parse::<u16>().ok();
    match range.split_once(':') {
        Some((low, high)) => {
            number(low).is_some_and(|l| l <= port) && number(high).is_some_and(|h| port <= h)
        }
        None => range == "any" || number(range) == Some(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Status: active\nLogging: on (low)\n\
        Default: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n";

    #[test]
    fn the_state_is_read_from_the_status() {
        assert!(is_active(STATUS) && !is_active("Status: inactive\n"));
        assert_eq!(policy(STATUS, "outgoing"), Some("allow"));
        assert_eq!(policy("Status: inactive", "incoming"), None);
        assert!(!logging_differs(STATUS, "low") && !logging_differs(STATUS, "on"));
        assert!(logging_differs(STATUS, "high") && logging_differs(STATUS, "off"));
        assert_eq!(version("\nufw 0.36.2\nCopyright"), Some((0, 36)));
    }

    #[test]
    fn a_port_is_let_in_by_a_rule_that_covers_it() {
        let rules = "### tuple ### allow tcp 30000:32767 0.0.0.0/0 any 0.0.0.0/0 in\n\
                     ### tuple ### limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n\
                     ### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 out\n";
        assert!(lets_in(rules, 22) && lets_in(rules, 30001) && !lets_in(rules, 80) && !lets_in(rules, 25));
    }

    #[test]
    fn places_are_counted_from_the_first_or_last_rule_of_a_family() {
        let list = "[ 1] 22/tcp ALLOW IN Anywhere\n[ 2] 80 ALLOW IN 10.0.0.1\n[ 3] 22/tcp (v6) ALLOW IN Anywhere (v6)\n";
        assert_eq!(insert_at(list, 0, "first-ipv6"), (Some(3), false));
        assert_eq!(insert_at(list, 1, "last-ipv4"), (Some(3), false));
        assert_eq!(insert_at(list, 1, "last-ipv6"), (None, false));
        assert_eq!(insert_at("", 0, "first-ipv4"), (None, false));
    }

    #[test]
    fn only_rules_of_one_family_are_compared_when_an_address_tells_it() {
        let rules = "### tuple ### allow any any 0.0.0.0/0 any 10.0.0.1 in\n### tuple ### allow any any ::/0 any fe80::1 in\n";
        assert_eq!(of_family(rules, 6).len(), 1);
        assert_eq!((family("10.0.0.0/8"), family("::1"), family("any")), (Some(4), Some(6), None));
    }
}
