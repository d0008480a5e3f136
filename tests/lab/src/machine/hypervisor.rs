//! The machines as the Proxmox double starts them.

use std::fs;

use anyhow::{Context, Result, bail};

use super::{Machines, folder, guest, held};
use crate::command::run;
use crate::doubles::proxmox::{Hypervisor, Interface, Plan, Ran};
use crate::tree;

/// The last number of the address that the first fresh machine gets.
const FIRST: u32 = 100;

impl Machines {
    fn name(&self, vmid: u32) -> Option<String> {
        if let Some(name) = held(&self.names).get(&vmid) {
            return Some(name.clone());
        }
        // Made by an earlier process of this lab.
        let name = format!("vm-{vmid}");
        self.tree(&name).is_dir().then_some(name)
    }

    fn named(&self, vmid: u32) -> Result<String> {
        self.name(vmid).with_context(|| format!("VM {vmid} was never started"))
    }
}

impl Hypervisor for Machines {
    fn start(&self, plan: &Plan) -> Result<()> {
        let name = format!("vm-{}", plan.vmid);
        if !self.tree(&name).is_dir() && plan.iso.is_none() {
            bail!("VM {} has nothing to boot: no disk with a system and no CD", plan.vmid);
        }
        let last = u8::try_from(FIRST + plan.vmid % 100)?;
        self.create(&name, last, true)?;
        held(&self.names).insert(plan.vmid, name.clone());
        let tree = self.tree(&name);
        let card = plan.cards.first().map(|card| card.mac.to_ascii_lowercase()).unwrap_or_default();
        if !card.is_empty() {
            let text = format!("[Match]\nName=host0\n\n[Link]\nMACAddress={card}\n");
            tree::write(&tree, "etc/systemd/network/50-lab.network.d/mac.conf", 0o644, &text)?;
        }
        let devices: String = plan
            .pci
            .iter()
            .filter_map(|device| device.split(',').next())
            .map(|device| format!("{device} 3D controller: NVIDIA Corporation (rustible lab) (rev a1)\n"))
            .collect();
        tree::write(&tree, "etc/rustible-lab/pci", 0o644, &devices)?;
        self.boot(&name)
    }

    fn stop(&self, vmid: u32, force: bool) -> Result<()> {
        self.halt(&self.named(vmid)?, force)
    }

    fn reboot(&self, vmid: u32, force: bool) -> Result<()> {
        let name = self.named(vmid)?;
        let leader = self.leader(&name).with_context(|| format!("VM {vmid} is not running"))?;
        if force {
            self.halt(&name, true)?;
            return self.boot(&name);
        }
        // systemd's own signal for an orderly reboot.
        run("kill", &["-s", "RTMIN+5", &leader.to_string()])?;
        Ok(())
    }

    fn destroy(&self, vmid: u32) -> Result<()> {
        let Some(name) = self.name(vmid) else { return Ok(()) };
        self.halt(&name, true)?;
        held(&self.names).remove(&vmid);
        fs::remove_dir_all(folder(&self.settings.state, &name))
            .with_context(|| format!("cannot remove the disks of VM {vmid}"))
    }

    fn copy(&self, from: u32, to: u32) -> Result<()> {
        let (from, name) = (self.named(from)?, format!("vm-{to}"));
        tree::copy(&self.tree(&from), &self.tree(&name))?;
        held(&self.names).insert(to, name);
        Ok(())
    }

    fn running(&self, vmid: u32) -> bool {
        self.name(vmid).is_some_and(|name| self.leader(&name).is_some())
    }

    fn interfaces(&self, vmid: u32) -> Option<Vec<Interface>> {
        guest::interfaces(self.leader(&self.name(vmid)?)?)
    }

    fn run(&self, vmid: u32, command: &[String], input: &[u8]) -> Result<Ran> {
        let name = self.named(vmid)?;
        let leader = self.leader(&name).with_context(|| format!("VM {vmid} is not running"))?;
        guest::run(leader, command, input)
    }
}
