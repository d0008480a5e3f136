//! What the double remembers: machines, storages, pools, tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::ask::Refusal;
use super::auth::Sessions;
use super::facts::Facts;
use super::hypervisor::Hypervisor;
use super::settings::{Conditions, Settings, StorageSettings};
use super::tasks::Task;
use crate::doubles::web::locked;

/// Everything that requests share.
pub(super) struct Centre {
    pub(super) hypervisor: Arc<dyn Hypervisor>,
    pub(super) settings: Settings,
    pub(super) facts: &'static Facts,
    pub(super) sessions: Sessions,
    world: Mutex<World>,
    conditions: Mutex<Conditions>,
}

impl Centre {
    pub(super) fn new(hypervisor: Arc<dyn Hypervisor>, settings: Settings) -> Result<Self> {
        let world = World::new(&settings)?;
        Ok(Self {
            hypervisor,
            facts: Facts::get()?,
            sessions: Sessions::new(),
            world: Mutex::new(world),
            conditions: Mutex::default(),
            settings,
        })
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    pub(super) fn conditions(&self) -> MutexGuard<'_, Conditions> {
        locked(&self.conditions)
    }

    /// Whether a machine runs at this moment.
    pub(super) fn running(&self, vmid: u32) -> bool {
        let started = self.world().vms.get(&vmid).is_some_and(|vm| vm.started);
        started && self.hypervisor.running(vmid)
    }
}

/// A virtual machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Vm {
    pub(super) node: String,
    pub(super) config: IndexMap<String, String>,
    /// Values that wait for the next start; `None` waits for removal.
    pub(super) pending: IndexMap<String, Option<String>>,
    /// A task's hold on it. No task outlives the process, so neither does this.
    #[serde(skip)]
    pub(super) lock: Option<String>,
    pub(super) started: bool,
    /// Whether the hypervisor has made it already.
    pub(super) made: bool,
    /// Seconds since 1970 of the last start.
    pub(super) since: u64,
    pub(super) pool: Option<String>,
    pub(super) snapshots: IndexMap<String, Snapshot>,
    /// The snapshot that the machine's state comes from.
    pub(super) parent: Option<String>,
    #[serde(skip)]
    /// What commands inside the guest gave, by process id.
    pub(super) ran: BTreeMap<u64, super::hypervisor::Ran>,
}

/// A snapshot of a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) config: IndexMap<String, String>,
    pub(super) description: String,
    pub(super) time: u64,
    pub(super) parent: Option<String>,
}

impl Vm {
    pub(super) fn name(&self, vmid: u32) -> String {
        self.config.get("name").cloned().unwrap_or_else(|| format!("VM {vmid}"))
    }

    pub(super) fn is_template(&self) -> bool {
        self.config.get("template").is_some_and(|value| value == "1")
    }
}

/// A volume on a storage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) content: String,
    pub(super) format: String,
    pub(super) size: u64,
    pub(super) ctime: u64,
    pub(super) vmid: Option<u32>,
    pub(super) path: Option<PathBuf>,
}

/// A storage with its volumes by id.
pub(super) struct Storage {
    pub(super) settings: StorageSettings,
    pub(super) volumes: IndexMap<String, Volume>,
}

impl Storage {
    /// Bytes in use. Thin volumes count in full: what is promised is gone.
    pub(super) fn used(&self) -> u64 {
        self.volumes.values().map(|volume| volume.size).sum()
    }

    pub(super) fn holds(&self, content: &str) -> bool {
        self.settings.content.iter().any(|known| known == content)
    }
}

/// The changing part of the double.
#[derive(Default)]
pub(super) struct World {
    pub(super) vms: BTreeMap<u32, Vm>,
    pub(super) storages: IndexMap<String, Storage>,
    pub(super) pools: IndexMap<String, String>,
    pub(super) tasks: IndexMap<String, Task>,
    pub(super) last_id: Option<u32>,
    pub(super) processes: u32,
}

impl World {
    fn new(settings: &Settings) -> Result<Self> {
        let mut world = Self::default();
        for known in &settings.storages {
            let volumes = super::storage::found(known)?;
            world.storages.insert(known.id.clone(), Storage { settings: known.clone(), volumes });
        }
        if let Some(file) = &settings.state_file {
            super::persist::load(&mut world, file)?;
        }
        Ok(world)
    }

    pub(super) fn vm(&self, node: &str, vmid: u32) -> Result<&Vm, Refusal> {
        self.vms.get(&vmid).filter(|vm| vm.node == node).ok_or_else(|| {
            Refusal::died(format!("Configuration file 'nodes/{node}/qemu-server/{vmid}.conf' does not exist"))
        })
    }

    pub(super) fn vm_mut(&mut self, node: &str, vmid: u32) -> Result<&mut Vm, Refusal> {
        self.vm(node, vmid)?;
        self.vms.get_mut(&vmid).ok_or_else(|| Refusal::died("machine is gone"))
    }

    /// The machine, if no task holds it.
    pub(super) fn free_vm(&mut self, node: &str, vmid: u32) -> Result<&mut Vm, Refusal> {
        let vm = self.vm_mut(node, vmid)?;
        match &vm.lock {
            Some(lock) => Err(Refusal::died(format!("VM is locked ({lock})"))),
            None => Ok(vm),
        }
    }

    pub(super) fn storage(&self, id: &str) -> Result<&Storage, Refusal> {
        self.storages.get(id).ok_or_else(|| Refusal::died(format!("storage '{id}' does not exist")))
    }

    pub(super) fn storage_mut(&mut self, id: &str) -> Result<&mut Storage, Refusal> {
        self.storages.get_mut(id).ok_or_else(|| Refusal::died(format!("storage '{id}' does not exist")))
    }

    /// The volume with this id.
    pub(super) fn volume(&self, volid: &str) -> Option<&Volume> {
        let (storage, _) = volid.split_once(':')?;
        self.storages.get(storage)?.volumes.get(volid)
    }

    /// Removes the volume with this id.
    pub(super) fn remove_volume(&mut self, volid: &str) -> Option<Volume> {
        let (storage, _) = volid.split_once(':')?;
        self.storages.get_mut(storage)?.volumes.shift_remove(volid)
    }
}

/// Seconds since 1970.
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
