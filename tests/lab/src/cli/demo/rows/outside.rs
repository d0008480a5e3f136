//! Rows about Proxmox and the installation ISO.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::Story;
use super::super::check::{Table, Verdict, none, same};
use super::super::look::Look;
use crate::command::run;

const ISO: &str = "ubuntu-24.04.3-live-server-amd64-autoinstall.iso";

pub(super) fn rows(table: &mut Table, look: &Look, story: &Story) {
    for (name, cores, memory, disk) in
        [("k8s-control-1", "2", "4096", "40G"), ("k8s-node-1", "4", "8192", "80G")]
    {
        table.look(
            "Proxmox",
            "a machine by name, as asked, started",
            machine(look, name, [cores, memory, disk]),
        );
    }
    table.look("Proxmox", "two machines and no more", count(look));
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

fn count(look: &Look) -> Result<Verdict> {
    Ok(same(&machines(look)?.len(), &2))
}

fn machine(look: &Look, name: &str, wanted: [&str; 3]) -> Result<Verdict> {
    let all = machines(look)?;
    let found: Vec<&Value> = all.iter().filter(|one| one["config"]["name"] == name).collect();
    let [one] = found.as_slice() else {
        return Ok(Verdict::No(format!("{} machines {name}", found.len())));
    };
    let config = &one["config"];
    let [cores, memory, disk] = wanted;
    let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    let facts = [
        ("cores", text("cores") == cores),
        ("memory", text("memory") == memory),
        ("disk", text("scsi0").ends_with(&format!("size={disk}"))),
        ("bridge", text("net0").split(',').any(|part| part == "bridge=vmbr0")),
        ("model", text("net0").starts_with("virtio=")),
        ("ISO", text("ide2").starts_with(&format!("local:iso/{ISO},"))),
        ("started", one["started"] == true),
    ];
    wrong.extend(facts.iter().filter(|(_, right)| !right).map(|(what, _)| format!("{name}: {what}")));
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
