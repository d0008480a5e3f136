//! The rows of the table: the end state that the main job has to reach with the defaults.

mod cluster;
mod hosts;
mod outside;

use std::fs;

use anyhow::Result;

use super::check::{Table, Verdict, none};
use super::look::Look;
use super::{GOAL, Story};

/// Looks at everything that this table knows and names what nobody looks at.
pub(super) fn all(look: &Look, story: &Story) -> Table {
    let mut table = Table::default();
    runs(&mut table, story);
    outside::rows(&mut table, look, story);
    hosts::rows(&mut table, look);
    cluster::rows(&mut table, look, story);
    secrets(&mut table, look, story);
    table.skip("secrets", "none in a process list", "nothing watches the process lists during the runs");
    table.skip("ceph on", "all", "this run is the one with the defaults");
    table.skip("cuda on", "all", "this run is the one with the defaults");
    table.skip("gateway on", "all", "this run is the one with the defaults");
    table.skip("failures", "all", "nothing is broken on purpose here");
    table
}

fn runs(table: &mut Table, story: &Story) {
    let bad = |recap: &str, wanted: &[&str]| -> Vec<String> {
        let hosts = recap.lines().filter(|line| line.contains("ok="));
        hosts
            .filter(|line| !wanted.iter().all(|word| line.split_whitespace().any(|seen| seen == *word)))
            .map(str::to_owned)
            .collect()
    };
    let [first, second] = &story.recaps;
    let hosts = first.lines().filter(|line| line.contains("ok=")).count();
    table.look("runs", "three hosts in the recap", Ok(super::check::same(&hosts, &3)));
    table.look(
        "runs",
        "first: nothing failed or unreachable",
        Ok(none(&bad(first, &["failed=0", "unreachable=0"]))),
    );
    let calm = ["changed=0", "failed=0", "unreachable=0"];
    table.look("runs", "second: nothing changed on any host", Ok(none(&bad(second, &calm))));
    table.look(
        "runs",
        "second: nothing written at Proxmox, GitLab, the internet",
        Ok(none(&story.second_writes)),
    );
    let slow = format!("{:?}", story.median);
    let verdict = if story.median < GOAL { Verdict::Yes } else { Verdict::No(slow) };
    table.look("runs", "setup_applications.yaml under 2 s, median of 5", Ok(verdict));
}

fn secrets(table: &mut Table, look: &Look, story: &Story) {
    table.look("secrets", "none in what the runs printed", printed(look, story));
    table.look("secrets", "none in journals, temporary files, artifacts of the machines", on_machines(look));
}

/// The secrets of this lab: the password, the token, the first line of a private key.
fn words(look: &Look) -> Result<Vec<String>> {
    let read = |name: &str| fs::read_to_string(look.state.join(name));
    Ok(vec![read("proxmox-password")?, read("gitlab-token")?, "PRIVATE KEY-----".to_owned()])
}

fn printed(look: &Look, story: &Story) -> Result<Verdict> {
    let words = words(look)?;
    let mut found = Vec::new();
    for log in &story.logs {
        let text = fs::read_to_string(log)?;
        if words.iter().any(|word| text.contains(word.as_str())) {
            found.push(log.display().to_string());
        }
    }
    Ok(none(&found))
}

fn on_machines(look: &Look) -> Result<Verdict> {
    // The patterns come by standard input: what grep finds must not be its own command line.
    let text = format!(
        "cat > /run/secret-words <<'END'\n{}\nEND\n\
for place in /tmp /var/tmp /root/.ansible /root/rustible/artifacts; do\n\
  [ -e $place ] && grep -rlF -f /run/secret-words $place\n\
done\n\
journalctl --no-pager --output=cat | grep -cF -f /run/secret-words | sed '/^0$/d; s/$/ lines of the journal/'\n\
rm /run/secret-words\n",
        words(look)?.join("\n")
    );
    let mut found = Vec::new();
    let seen = [
        ("controller", look.controller(&text)?),
        ("control plane", look.node(super::controller::CONTROL, &text)?),
        ("worker", look.node(super::controller::WORKER, &text)?),
    ];
    for (machine, seen) in seen {
        found.extend(seen.lines().map(|line| format!("{machine}: {line}")));
    }
    Ok(none(&found))
}
