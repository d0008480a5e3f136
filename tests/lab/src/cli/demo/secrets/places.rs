//! Where machines keep what programs leave behind.

use anyhow::Result;

use super::super::check::{Verdict, none};
use super::super::look::Look;
use super::super::wish::Wish;
use super::Secrets;
use super::known::MARK;

/// The folders that are searched; agents, temporary files, artifacts and logs of all users lie in them.
const FOLDERS: &str = "/tmp /var/tmp /root /home /run /var/log /var/spool /opt /usr/local";
/// The settings: the search must find them, else it finds nothing.
const SETTINGS: &str = "/root/rustible/.env";
/// Where a secret belongs, or what the cluster's own programs keep for root alone: how such paths begin.
const RIGHT: &[&str] = &[
    SETTINGS,
    "/root/.ssh/id_ed25519",
    "/root/.kube/config",
    "/run/crio/",
    "/run/containers/",
    "/run/netns/",
    "/run/systemd/journal/",
];

/// Searches files and journals of all machines. Errors when a machine cannot be asked.
pub(super) fn all(look: &Look, secrets: &Secrets, wish: &Wish) -> Result<Verdict> {
    // The patterns come by standard input: neither a file nor a command line of the search may hold what it looks for.
    let text = format!(
        "{{ grep -rlsF --devices=skip -f /dev/fd/3 {FOLDERS} 3<<'END'\n{0}END\n\
grep -rlsI --devices=skip -e '{MARK}' {FOLDERS}; }} | sort -u\n\
journalctl --no-pager --output=cat | grep -aF -f /dev/fd/3 3<<'END' | wc -l | sed '/^0$/d; s/$/ lines of the journal/'\n{0}END\n",
        secrets.patterns()
    );
    let mut seen = vec![("controller".to_owned(), look.controller(&text)?)];
    for node in wish.nodes() {
        seen.push((node.name, look.node(node.last, &text)?));
    }
    if !seen.iter().any(|(_, seen)| seen.lines().any(|line| line == SETTINGS)) {
        return Ok(Verdict::No(format!("the search does not even find {SETTINGS}")));
    }
    let lines = seen.iter().flat_map(|(machine, seen)| seen.lines().map(move |line| (machine, line)));
    let wrong = lines.filter(|(_, line)| !RIGHT.iter().any(|right| line.starts_with(right)));
    Ok(none(&wrong.map(|(machine, line)| format!("{machine}: {line}")).collect::<Vec<_>>()))
}
