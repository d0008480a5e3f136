//! The rows of the table: the end state that the main job has to reach with the defaults.

mod cluster;
mod hosts;
mod outside;

use super::check::{Table, Verdict, none};
use super::look::Look;
use super::{GOAL, Story, secrets};

/// Looks at everything that this table knows and names what nobody looks at.
pub(super) fn all(look: &Look, story: &Story) -> Table {
    let mut table = Table::default();
    runs(&mut table, story);
    outside::rows(&mut table, look, story);
    hosts::rows(&mut table, look);
    cluster::rows(&mut table, look, story);
    secrets::rows(&mut table, look, story);
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
