//! Secrets of a lab, and whether one shows where it must not.

mod known;
mod places;
mod watch;

use std::fs;

use anyhow::Result;

use super::Story;
use super::check::{Table, Verdict, none};
use super::look::Look;
use crate::doubles::web::Record;

pub(in crate::cli) use known::Secrets;
pub(in crate::cli) use watch::{Seen, Watch};

/// A program that the first run starts for seconds: a watch that has not seen it saw nothing.
const SURE: &str = "kubeadm";

pub(super) fn rows(table: &mut Table, look: &Look, story: &Story) {
    let secrets = match Secrets::of(look) {
        Ok(secrets) => secrets,
        Err(error) => return table.look("secrets", "the lab's secrets can be read", Err(error)),
    };
    table.look("secrets", "none in what the runs printed", printed(story, &secrets));
    table.look("secrets", "none in a process list during the runs", Ok(listed(&story.processes, &secrets)));
    table.look(
        "secrets",
        "none in journals, temporary files, artifacts of the machines",
        places::all(look, &secrets, &story.wish),
    );
    table.look("secrets", "none in a URL", urls(look));
}

fn printed(story: &Story, secrets: &Secrets) -> Result<Verdict> {
    let mut found = Vec::new();
    for log in &story.logs {
        let text = fs::read_to_string(log)?;
        found.extend(secrets.within(&text).into_iter().map(|name| format!("{name} in {}", log.display())));
    }
    Ok(none(&found))
}

/// Command lines of all machines, and the environments on the nodes. The controller's programs inherit `.env` as they would from
/// any wrapper that loads it; no other machine ever sees it.
pub(in crate::cli) fn listed(seen: &Seen, secrets: &Secrets) -> Verdict {
    if !seen.commands.iter().any(|line| line.contains(SURE)) {
        return Verdict::No(format!(
            "the watch has seen no {SURE} among {} command lines",
            seen.commands.len()
        ));
    }
    let program = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let lines = seen.commands.iter().flat_map(|line| {
        secrets
            .within(line)
            .into_iter()
            .map(move |name| format!("{name} in a command line of {}", program(line)))
    });
    let settings = seen.settings.iter().flat_map(|(owner, setting)| {
        secrets.within(setting).into_iter().map(move |name| format!("{name} in the environment of {owner}"))
    });
    let mut found: Vec<String> = lines.chain(settings).collect();
    found.sort();
    found.dedup();
    none(&found)
}

fn urls(look: &Look) -> Result<Verdict> {
    let mut found = Vec::new();
    for part in ["proxmox", "gitlab", "internet"] {
        let entries = Record::read_file(&look.state.join(format!("{part}-record.jsonl")))?;
        let with = entries.iter().filter(|entry| !entry.secrets_in_url.is_empty());
        found.extend(with.map(|entry| format!("{} {}{}", entry.method, entry.host, entry.path)));
    }
    Ok(none(&found))
}
