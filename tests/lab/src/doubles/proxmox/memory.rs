//! A hypervisor without machines: it remembers what was asked of it. For tests of clients.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use anyhow::{Result, anyhow, bail};

use super::hypervisor::{Hypervisor, Interface, Plan, Ran};
use crate::doubles::web::locked;

/// Machines in memory: they "boot" at once and have the address `192.0.2.<vmid mod 254>`.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<u32, (Plan, bool)>>);

impl Memory {
    /// What is known of a machine: its plan at the last start, and whether it runs.
    pub fn machine(&self, vmid: u32) -> Option<(Plan, bool)> {
        locked(&self.0).get(&vmid).cloned()
    }
}

impl Hypervisor for Memory {
    fn start(&self, plan: &Plan) -> Result<()> {
        locked(&self.0).insert(plan.vmid, (plan.clone(), true));
        Ok(())
    }

    fn stop(&self, vmid: u32, _force: bool) -> Result<()> {
        locked(&self.0).get_mut(&vmid).ok_or_else(|| anyhow!("no machine {vmid}"))?.1 = false;
        Ok(())
    }

    fn reboot(&self, vmid: u32, _force: bool) -> Result<()> {
        if !self.running(vmid) {
            bail!("machine {vmid} does not run");
        }
        Ok(())
    }

    fn destroy(&self, vmid: u32) -> Result<()> {
        locked(&self.0).remove(&vmid);
        Ok(())
    }

    fn copy(&self, from: u32, to: u32) -> Result<()> {
        let mut machines = locked(&self.0);
        let (plan, _) = machines.get(&from).cloned().ok_or_else(|| anyhow!("no machine {from}"))?;
        machines.insert(to, (Plan { vmid: to, ..plan }, false));
        drop(machines);
        Ok(())
    }

    fn running(&self, vmid: u32) -> bool {
        locked(&self.0).get(&vmid).is_some_and(|(_, running)| *running)
    }

    fn interfaces(&self, vmid: u32) -> Option<Vec<Interface>> {
        let (plan, _) = self.machine(vmid).filter(|(_, running)| *running)?;
        let last = u8::try_from(vmid % 254).ok()?;
        let mut list = vec![Interface {
            name: "lo".to_owned(),
            mac: "00:00:00:00:00:00".to_owned(),
            addresses: vec![(IpAddr::V4(Ipv4Addr::LOCALHOST), 8)],
        }];
        for (number, card) in plan.cards.iter().enumerate() {
            list.push(Interface {
                name: format!("ens{}", 18 + number),
                mac: card.mac.clone(),
                addresses: vec![(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), 24)],
            });
        }
        Some(list)
    }

    fn run(&self, vmid: u32, command: &[String], input: &[u8]) -> Result<Ran> {
        let (plan, _) = self.machine(vmid).ok_or_else(|| anyhow!("no machine {vmid}"))?;
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["hostname"] => {
                Ok(Ran { status: 0, stdout: format!("{}\n", plan.name).into_bytes(), stderr: Vec::new() })
            }
            ["cat"] => Ok(Ran { status: 0, stdout: input.to_vec(), stderr: Vec::new() }),
            other => bail!("a machine in memory has no program {}", other.join(" ")),
        }
    }
}
