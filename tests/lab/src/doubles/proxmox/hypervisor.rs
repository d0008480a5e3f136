//! What stands behind the Proxmox double: the machines that it "starts".

use std::path::PathBuf;

use anyhow::Result;
use indexmap::IndexMap;

/// A virtual machine as its configuration describes it at the moment it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The id.
    pub vmid: u32,
    /// The name; `VM 100` when it has none.
    pub name: String,
    /// Sockets times cores.
    pub cores: u32,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// The size of the first disk in GiB, 0 without a disk.
    pub disk_gb: u64,
    /// The file of the image in its first CD drive, if there is one.
    pub iso: Option<PathBuf>,
    /// The network cards, in order.
    pub cards: Vec<Card>,
    /// The PCI devices handed through, as written in the configuration.
    pub pci: Vec<String>,
    /// The whole configuration, as `GET …/config` gives it.
    pub config: IndexMap<String, String>,
}

/// A network card of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The hardware address, upper case with colons.
    pub mac: String,
    /// The bridge on the node.
    pub bridge: String,
}

/// A network interface as the guest agent reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The name inside the guest.
    pub name: String,
    /// The hardware address.
    pub mac: String,
    /// Addresses with their prefix lengths.
    pub addresses: Vec<(std::net::IpAddr, u8)>,
}

/// What a command inside a guest gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// The machines. Methods may block: the double calls them on threads of their own, never two at once for one machine.
///
/// An error's text becomes the text of the failed task, as Proxmox gives QEMU's messages.
pub trait Hypervisor: Send + Sync + 'static {
    /// Starts a machine; one that was never started before is made first.
    fn start(&self, plan: &Plan) -> Result<()>;

    /// Stops it: `force` pulls the plug, else the guest shuts down in order.
    fn stop(&self, vmid: u32, force: bool) -> Result<()>;

    /// Restarts it in order, or by its reset button.
    fn reboot(&self, vmid: u32, force: bool) -> Result<()>;

    /// Forgets it and its disks. A machine that was never started is unknown here, which is no error.
    fn destroy(&self, vmid: u32) -> Result<()>;

    /// Makes `to` with a copy of the disks of `from`. Not called for machines that were never started.
    fn copy(&self, from: u32, to: u32) -> Result<()>;

    /// Whether it runs now.
    fn running(&self, vmid: u32) -> bool;

    /// What the guest agent reports, or `None` while no agent answers.
    fn interfaces(&self, vmid: u32) -> Option<Vec<Interface>>;

    /// Runs a command inside by the guest agent, with text on its standard input.
    fn run(&self, vmid: u32, command: &[String], input: &[u8]) -> Result<Ran>;
}
