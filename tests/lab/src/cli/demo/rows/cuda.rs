//! Rows about the GPU, seen by ssh, kubectl and the machines' own record of boots.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::super::check::{Table, Verdict, same};
use super::super::controller;
use super::super::look::Look;
use super::super::wish::{Node, Wish};
use super::outside::config;
use super::reboot::restart;
use crate::machine::folder;

/// Of the drivers on offer (535, 570, 580) the last but one.
const CHOSEN: &str = "nvidia-driver-570-server";
const OLDER: &str = "nvidia-driver-535-server";

const HANDLER: &str = r#"[crio.runtime.runtimes.nvidia]
runtime_path = "/usr/bin/nvidia-container-runtime"
runtime_type = "oci"
monitor_path = "/usr/libexec/crio/conmon"
"#;

const RUNTIME: &str = r#"[nvidia-container-cli]
environment = []
load-kmods = true

[nvidia-container-runtime]
log-level = "info"
mode = "auto"
runtimes = ["/usr/libexec/crio/runc", "/usr/libexec/crio/crun"]

[nvidia-container-runtime-hook]
path = "nvidia-container-runtime-hook"
"#;

/// Installed driver packages, then those that are held.
const DRIVERS: &str = "dpkg-query --show --showformat '${db:Status-Status} ${Package}\\n' 'nvidia-driver-*' 2>/dev/null \
    | sed -n 's/^installed //p' | xargs; apt-mark showhold | grep '^nvidia-driver-' | xargs";

pub(super) fn rows(table: &mut Table, look: &Look, wish: &Wish) {
    for node in wish.nodes() {
        let wanted = if node.gpu { 2 } else { 1 };
        let what = if node.gpu { "rebooted once" } else { "never rebooted" };
        let seen = boots(look, &node).map(|seen| same(&seen, &wanted));
        table.look("cuda", format!("{}: {what} in both runs", node.name), seen);
    }
    for node in wish.nodes().iter().filter(|node| node.gpu) {
        table.look("cuda", "driver of the rule, alone and held", drivers(look, node, CHOSEN));
        table.look("cuda", "nvidia-smi answers with it", answers(look, node, "570."));
        for (path, wanted) in [
            ("/etc/crio/crio.conf.d/99-nvidia.conf", HANDLER),
            ("/etc/nvidia-container-runtime/config.toml", RUNTIME),
        ] {
            let seen = look.node(node.last, &format!("cat {path}")).map(|seen| same(&seen.as_str(), &wanted));
            table.look("cuda", format!("{path}, byte for byte"), seen);
        }
        table.look("cuda", "device plugin runs there under the runtime class", plugin(look, node));
    }
    table.look("cuda", "runtime class", class(look));
    table.look("cuda", "DaemonSet: node selector, runtime class, all pods ready", daemon_set(look));
}

/// An older driver in the place of the chosen one must survive the next run. It stays on the machine.
pub(super) fn kept(table: &mut Table, look: &Look, wish: &Wish) {
    for node in wish.nodes().iter().filter(|node| node.gpu) {
        table.look("cuda", "an installed older driver is kept", keeps(look, node));
    }
}

fn keeps(look: &Look, node: &Node) -> Result<Verdict> {
    let install = "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --allow-change-held-packages";
    look.node(node.last, &format!("{install} {OLDER} {CHOSEN}- >&2"))?;
    restart(look, node)?;
    let before = boots(look, node)?;
    let log = look.state.join("demo/older-driver.log");
    let run = format!("setup_cluster.yaml --tags workers --limit {}", node.name);
    let status = controller::rustible(&look.state, &log, &run)?;
    if status != 0 {
        bail!("rustible {run} ended with {status}: {}", log.display());
    }
    if boots(look, node)? != before {
        return Ok(Verdict::No("the run rebooted the machine".to_owned()));
    }
    match drivers(look, node, OLDER)? {
        Verdict::Yes => answers(look, node, "535."),
        other => Ok(other),
    }
}

fn boots(look: &Look, node: &Node) -> Result<usize> {
    let (id, _) = config(look, &node.name)?;
    let path = folder(&look.state, &format!("vm-{id}")).join("boots");
    Ok(fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?.lines().count())
}

fn drivers(look: &Look, node: &Node, wanted: &str) -> Result<Verdict> {
    Ok(same(&look.node(node.last, DRIVERS)?, &format!("{wanted}\n{wanted}\n")))
}

fn answers(look: &Look, node: &Node, version: &str) -> Result<Verdict> {
    let seen = look.node(node.last, "nvidia-smi --query-gpu=name,driver_version --format=csv,noheader")?;
    let right = seen.split_whitespace().any(|word| word.starts_with(version));
    Ok(if right { Verdict::Yes } else { Verdict::No(seen) })
}

fn class(look: &Look) -> Result<Verdict> {
    let one = look.kubectl("runtimeclass nvidia")?;
    Ok(same(&one["handler"], &json!("nvidia")))
}

fn daemon_set(look: &Look) -> Result<Verdict> {
    let one = look.kubectl("daemonset nvidia-device-plugin-daemonset --namespace kube-system")?;
    let pod = &one["spec"]["template"]["spec"];
    let seen = [
        &pod["nodeSelector"],
        &pod["runtimeClassName"],
        &one["status"]["desiredNumberScheduled"],
        &one["status"]["numberReady"],
    ];
    Ok(same(&json!(seen), &json!([{"compute": "cuda"}, "nvidia", 1, 1])))
}

fn plugin(look: &Look, node: &Node) -> Result<Verdict> {
    let pods = look.kubectl("pods --namespace kube-system --selector name=nvidia-device-plugin-ds")?;
    let seen: Vec<String> = pods["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "{} {} {}",
                one["spec"]["nodeName"], one["status"]["phase"], one["spec"]["runtimeClassName"]
            )
        })
        .collect();
    Ok(same(&seen, &vec![format!("\"{}\" \"Running\" \"nvidia\"", node.name)]))
}
