//! The rows of the table: the end state that the main job has to reach.

mod argocd;
mod ceph;
mod cluster;
mod cuda;
mod gateway;
mod hosts;
mod outside;
mod reboot;

use super::check::{Table, Verdict, none, same};
use super::look::Look;
use super::{GOAL, Story, secrets};

/// Looks at everything that was asked for, except what is broken on purpose.
pub(super) fn all(look: &Look, story: &Story) -> Table {
    let mut table = Table::default();
    runs(&mut table, story);
    outside::rows(&mut table, look, story);
    hosts::rows(&mut table, look, &story.wish);
    cluster::rows(&mut table, look, story);
    argocd::rows(&mut table, look);
    if story.wish.gateway {
        gateway::rows(&mut table, look);
    }
    if story.wish.ceph {
        ceph::rows(&mut table, look, &story.wish);
    }
    if story.wish.cuda {
        cuda::rows(&mut table, look, &story.wish);
    }
    secrets::rows(&mut table, look, story);
    // What disturbs the machines comes last.
    reboot::rows(&mut table, look, &story.wish);
    if story.wish.cuda {
        cuda::kept(&mut table, look, &story.wish);
    }
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
    table.look("runs", "all hosts in the recap", Ok(same(&hosts, &(story.wish.nodes().len() + 1))));
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
    let changed: Vec<String> = story.applications.iter().flat_map(|recap| bad(recap, &calm)).collect();
    table.look("runs", "setup_applications.yaml: nothing changed in any run", Ok(none(&changed)));
    let slow = format!("{:?}", story.median);
    let verdict = if story.median < GOAL { Verdict::Yes } else { Verdict::No(slow) };
    table.look("runs", "setup_applications.yaml under 2 s, median of 5", Ok(verdict));
}
