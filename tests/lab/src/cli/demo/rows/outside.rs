//! Rows about Proxmox and the installation ISO.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::super::Story;
use super::super::check::{Table, Verdict, none, same};
use super::super::look::Look;
use super::super::settings::GPU;
use super::super::wish::Node;
use crate::command::run;

const ISO: &str = "ubuntu-24.04.3-live-server-amd64-autoinstall.iso";

pub(super) fn rows(table: &mut Table, look: &Look, story: &Story) {
    let nodes = story.wish.nodes();
    for node in &nodes {
        let wanted = if node.worker { ["4", "8192", "80G"] } else { ["2", "4096", "40G"] };
        let what = format!("{}: a machine by this name, as asked, started", node.name);
        table.look("Proxmox", what, machine(look, node, wanted));
    }
    table.look("Proxmox", "these machines and no more", count(look, nodes.len()));
    let posts =
        story.second_writes.iter().filter(|line| line.contains("proxmox")).cloned().collect::<Vec<_>>();
    table.look("Proxmox", "no writing request in the second run", Ok(none(&posts)));
    table.look("ISO", "first boot entry has autoinstall, in both menus", boot_entries(look));
    table.look("ISO", "lines of md5sum.txt are true", sums(look));
    table.look("ISO", "El Torito entries for BIOS and UEFI", boots(look));
}

fn machines(look: &Look) -> Result<Vec<Value>> {
    let all = look.json("proxmox-machines.json")?;
    Ok(all["vms"].as_object().context("no machines")?.values().cloned().collect())
}

fn count(look: &Look, wanted: usize) -> Result<Verdict> {
    Ok(same(&machines(look)?.len(), &wanted))
}

/// The number and the configuration of the one machine of this name. Errors when there is not one.
pub(super) fn config(look: &Look, name: &str) -> Result<(String, Value)> {
    let all = look.json("proxmox-machines.json")?;
    let all = all["vms"].as_object().context("no machines")?;
    let found: Vec<_> = all.iter().filter(|(_, one)| one["config"]["name"] == name).collect();
    let [(id, one)] = found.as_slice() else { bail!("{} machines {name}", found.len()) };
    Ok(((*id).clone(), (*one).clone()))
}

fn machine(look: &Look, node: &Node, wanted: [&str; 3]) -> Result<Verdict> {
    let (_, one) = config(look, &node.name)?;
    let config = &one["config"];
    let [cores, memory, disk] = wanted;
    let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
    let card = if node.gpu { format!("{GPU},pcie=1,x-vga=0") } else { String::new() };
    let facts = [
        ("cores", text("cores") == cores),
        ("memory", text("memory") == memory),
        ("disk", text("scsi0").ends_with(&format!("size={disk}"))),
        ("bridge", text("net0").split(',').any(|part| part == "bridge=vmbr0")),
        ("model", text("net0").starts_with("virtio=")),
        ("ISO", text("ide2").starts_with(&format!("local:iso/{ISO},"))),
        ("started", one["started"] == true),
        ("hostpci0", text("hostpci0") == card),
        ("machine", (text("machine") == "q35") == node.gpu),
    ];
    let wrong: Vec<String> =
        facts.iter().filter(|(_, right)| !right).map(|(what, _)| format!("{what} in {config}")).collect();
    Ok(none(&wrong))
}

fn image(look: &Look) -> String {
    look.state.join("proxmox/template/iso").join(ISO).to_string_lossy().into_owned()
}

/// The ISO's files in a folder of the lab. Errors when xorriso fails.
fn unpacked(look: &Look) -> Result<PathBuf> {
    let place = look.state.join("demo/iso");
    if !place.exists() {
        let image = image(look);
        let to = place.to_string_lossy();
        run("xorriso", &["-osirrox", "on", "-indev", &image, "-extract", "/", &to])?;
    }
    Ok(place)
}

fn boot_entries(look: &Look) -> Result<Verdict> {
    let place = unpacked(look)?;
    let mut wrong = Vec::new();
    for name in ["boot/grub/grub.cfg", "boot/grub/loopback.cfg"] {
        let text = std::fs::read_to_string(place.join(name))?;
        let entry = text.split("menuentry ").nth(1).unwrap_or_default();
        let kernel = entry.lines().find(|line| line.trim_start().starts_with("linux")).unwrap_or_default();
        if !kernel.split_whitespace().any(|word| word == "autoinstall") {
            wrong.push(format!("{name}: {kernel:?}"));
        }
        if !text.lines().any(|line| line.trim() == "set timeout=1") {
            wrong.push(format!("{name}: time-out is not 1"));
        }
    }
    Ok(none(&wrong))
}

fn sums(look: &Look) -> Result<Verdict> {
    let place = unpacked(look)?;
    let script = "cd \"$1\" && test -s md5sum.txt && md5sum --quiet --check md5sum.txt";
    run("sh", &["-c", script, "sh", &place.to_string_lossy()])?;
    Ok(Verdict::Yes)
}

fn boots(look: &Look) -> Result<Verdict> {
    let report = run("xorriso", &["-indev", &image(look), "-report_el_torito", "plain"])?;
    let images: Vec<&str> = report.lines().filter(|line| line.starts_with("El Torito boot img")).collect();
    let kind = |kind: &str| images.iter().any(|line| line.split_whitespace().any(|word| word == kind));
    Ok(if kind("BIOS") && kind("UEFI") { Verdict::Yes } else { Verdict::No(report) })
}
