//! Looking at the lab with ssh, kubectl, helm and the doubles' own records.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::controller::USER;
use crate::doubles::web::Entry;
use crate::machine::{guest, leader_of};
use crate::network::address;

/// The kinds whose objects the main job writes; the release is one of Helm's Secrets.
const KINDS: &str = "namespaces,secrets,configmaps,ingresses.networking.k8s.io,services,deployments.apps,daemonsets.apps,\
customresourcedefinitions.apiextensions.k8s.io,ciliumloadbalancerippools.cilium.io,ciliuml2announcementpolicies.cilium.io,\
applications.argoproj.io,appprojects.argoproj.io,pods";

/// The eyes.
pub(super) struct Look {
    /// The lab's folder.
    pub state: PathBuf,
}

impl Look {
    pub(super) fn new(state: &Path) -> Self {
        Self { state: state.to_path_buf() }
    }

    /// Runs a shell's text on the controller: what it printed. Errors when it fails.
    pub(super) fn controller(&self, text: &str) -> Result<String> {
        self.run(&["sh", "-s"], text)
    }

    /// Runs a shell's text as root on a node, by ssh from the controller. Errors when it fails.
    pub(super) fn node(&self, last: u8, text: &str) -> Result<String> {
        let target = format!("{USER}@{}", address(last));
        self.run(&["ssh", "-o", "BatchMode=yes", &target, "sudo", "sh", "-s"], text)
    }

    fn run(&self, words: &[&str], input: &str) -> Result<String> {
        let leader = leader_of(&self.state, "controller").context("the controller does not run")?;
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut command = guest::command(leader, &words);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("no pipe")?.write_all(input.as_bytes())?;
        let done = child.wait_with_output()?;
        if !done.status.success() {
            bail!("{}: {}", done.status, String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// What `kubectl get ... -o json` gives. Errors when kubectl fails.
    pub(super) fn kubectl(&self, what: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.controller(&format!("kubectl get {what} -o json"))?)?)
    }

    /// A file of the lab's folder as JSON. Errors when it is none.
    pub(super) fn json(&self, name: &str) -> Result<Value> {
        let text = fs::read_to_string(self.state.join(name)).with_context(|| format!("no {name}"))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The writing requests that the doubles have seen so far.
    pub(super) fn writes(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for part in ["proxmox", "gitlab", "internet"] {
            let path = self.state.join(format!("{part}-record.jsonl"));
            for line in fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?.lines() {
                let entry: Entry = serde_json::from_str(line)?;
                if entry.writes() {
                    all.push((entry.at, format!("{} {}{}", entry.method, entry.host, entry.path)));
                }
            }
        }
        all.sort();
        Ok(all.into_iter().map(|(_, text)| text).collect())
    }

    /// The cluster's objects, each with what changes when its wanted state or its metadata is written (not its status).
    pub(super) fn versions(&self) -> Result<BTreeSet<String>> {
        let list = self.kubectl(&format!("{KINDS} --all-namespaces --show-managed-fields"))?;
        // What is ending was ended before.
        let there = |one: &&Value| one["metadata"]["deletionTimestamp"].is_null();
        let objects = list["items"].as_array().context("kubectl gave no list")?.iter().filter(there);
        Ok(objects
            .map(|one| {
                let meta = &one["metadata"];
                // Who wrote and when; controllers that renew only the status stand under "status".
                let writers: Vec<String> = meta["managedFields"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|writer| writer["subresource"] != "status")
                    .map(|writer| format!("{} {}", writer["manager"], writer["time"]))
                    .collect();
                format!(
                    "{} {}/{} {} {} {writers:?}",
                    one["kind"], meta["namespace"], meta["name"], meta["uid"], meta["generation"]
                )
            })
            .collect())
    }
}
