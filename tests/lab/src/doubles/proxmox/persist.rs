//! Machines and volumes outlive the double's process when its settings name a file for them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::state::{Centre, Vm, Volume, World};

#[derive(Serialize, Deserialize)]
struct Kept {
    vms: BTreeMap<u32, Vm>,
    pools: IndexMap<String, String>,
    /// Volumes that are no files: those are found again in their folders.
    volumes: IndexMap<String, Volume>,
}

/// Puts back what an earlier process kept. Errors when the file is there and cannot be understood.
pub(super) fn load(world: &mut World, file: &Path) -> Result<()> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let kept: Kept = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no record of machines", file.display()))?;
    world.vms = kept.vms;
    world.pools = kept.pools;
    for (volid, volume) in kept.volumes {
        if let Some(storage) = volid.split(':').next().and_then(|storage| world.storages.get_mut(storage)) {
            storage.volumes.insert(volid, volume);
        }
    }
    Ok(())
}

/// Writes down what there is now. Errors when the file cannot be written.
pub(super) fn save(centre: &Centre) -> Result<()> {
    let Some(file) = &centre.settings.state_file else { return Ok(()) };
    let world = centre.world();
    let volumes = world.storages.values().flat_map(|storage| &storage.volumes);
    let volumes = volumes.filter(|(_, volume)| volume.path.is_none());
    let kept = Kept {
        vms: world.vms.clone(),
        pools: world.pools.clone(),
        volumes: volumes.map(|(volid, volume)| (volid.clone(), volume.clone())).collect(),
    };
    let folder = file.parent().context("a file lies in a folder")?;
    let part = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&part, &kept)?;
    // Written under the world's lock, so that an older state never replaces a newer one.
    part.persist(file)?;
    drop(world);
    Ok(())
}
