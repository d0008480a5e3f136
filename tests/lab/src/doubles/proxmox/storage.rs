//! Storages and what lies on them: lists, removal, appliance templates.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, anyhow};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::config::is_drive;
use super::settings::StorageSettings;
use super::state::{Centre, Storage, Volume, seconds};
use super::tasks::{Job, start};

/// Appliance templates that can be downloaded: name, operating system, section.
const APPLIANCES: &[(&str, &str, &str)] = &[
    ("debian-13-standard_13.1-1_amd64.tar.zst", "debian-13", "system"),
    ("alpine-3.22-default_20250617_amd64.tar.xz", "alpine", "system"),
];

/// Where files of a content type lie inside a storage's folder.
pub(super) fn folder(content: &str) -> &'static str {
    match content {
        "iso" => "template/iso",
        "vztmpl" => "template/cache",
        "import" => "import",
        "snippets" => "snippets",
        _ => "dump",
    }
}

/// The volumes that are already in a storage's folder. Errors when it cannot be read.
pub(super) fn found(settings: &StorageSettings) -> Result<IndexMap<String, Volume>> {
    let mut volumes = IndexMap::new();
    let Some(root) = &settings.path else { return Ok(volumes) };
    for content in ["iso", "vztmpl", "import", "snippets"] {
        let place = root.join(folder(content));
        std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        for entry in std::fs::read_dir(&place).with_context(|| format!("cannot read {}", place.display()))? {
            let path = entry?.path();
            if let Some(name) =
                path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
            {
                volumes.insert(format!("{}:{content}/{name}", settings.id), from_file(content, &path)?);
            }
        }
    }
    Ok(volumes)
}

/// The volume that a file is. Errors when it is not there.
pub(super) fn from_file(content: &str, path: &Path) -> Result<Volume> {
    let known = path.metadata().with_context(|| format!("no file {}", path.display()))?;
    let changed = known.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let name = path.to_string_lossy();
    let format = match content {
        "iso" => "iso",
        "vztmpl" if name.ends_with(".tar.zst") => "tzst",
        "vztmpl" if name.ends_with(".tar.xz") => "txz",
        "vztmpl" => "tgz",
        "import" if name.ends_with(".qcow2") => "qcow2",
        _ => "raw",
    };
    Ok(Volume {
        content: content.to_owned(),
        format: format.to_owned(),
        size: known.len(),
        ctime: changed.map_or_else(seconds, |since| since.as_secs()),
        vmid: None,
        path: Some(path.to_path_buf()),
    })
}

fn usage(storage: &Storage) -> Value {
    let known = &storage.settings;
    let used = storage.used();
    json!({
        "storage": known.id, "type": known.kind, "content": known.content.join(","), "enabled": 1, "active": 1, "shared": 0,
        "total": known.total, "used": used, "avail": known.total.saturating_sub(used),
        "used_fraction": 0,
    })
}

/// `GET /nodes/N/storage`
pub(super) fn list(centre: &Centre, ask: &Ask) -> Outcome {
    let (content, wanted) = (ask.params.one("content"), ask.params.one("storage"));
    let world = centre.world();
    let kinds =
        |storage: &Storage| content.is_none_or(|list| list.split(',').any(|kind| storage.holds(kind)));
    let fitting = world
        .storages
        .values()
        .filter(|storage| kinds(storage) && wanted.is_none_or(|wanted| storage.settings.id == wanted));
    Ok(Value::Array(fitting.map(usage).collect()))
}

/// `GET …/storage/S/status`
pub(super) fn status(centre: &Centre, ask: &Ask) -> Outcome {
    Ok(usage(centre.world().storage(ask.params.or("storage", ""))?))
}

/// `GET /storage` and `GET /storage/S`
pub(super) fn definitions(centre: &Centre, ask: &Ask) -> Outcome {
    let world = centre.world();
    let show = |storage: &Storage| {
        let known = &storage.settings;
        json!({"storage": known.id, "type": known.kind, "content": known.content.join(","), "path": known.path, "digest": "0"})
    };
    match ask.params.one("storage") {
        Some(id) => Ok(show(world.storage(id)?)),
        None => {
            let kind = ask.params.one("type");
            let fitting =
                world.storages.values().filter(|one| kind.is_none_or(|kind| one.settings.kind == kind));
            Ok(Value::Array(fitting.map(show).collect()))
        }
    }
}

/// `GET …/storage/S/content`
pub(super) fn content(centre: &Centre, ask: &Ask) -> Outcome {
    let (kind, vmid) = (ask.params.one("content"), ask.params.number("vmid"));
    let world = centre.world();
    let storage = world.storage(ask.params.or("storage", ""))?;
    let fitting = storage.volumes.iter().filter(|(_, volume)| {
        kind.is_none_or(|kind| volume.content == kind)
            && vmid.is_none_or(|vmid| volume.vmid.map(u64::from) == Some(vmid))
    });
    Ok(Value::Array(fitting.map(|(volid, volume)| show(volid, volume)).collect()))
}

fn show(volid: &str, volume: &Volume) -> Value {
    let mut data = json!({
        "volid": volid, "content": volume.content, "format": volume.format, "size": volume.size, "ctime": volume.ctime,
    });
    if let (Some(vmid), Some(fields)) = (volume.vmid, data.as_object_mut()) {
        fields.insert("vmid".to_owned(), json!(vmid));
    }
    data
}

fn volid(ask: &Ask) -> String {
    let volume = ask.params.or("volume", "");
    if volume.contains(':') {
        volume.to_owned()
    } else {
        format!("{}:{volume}", ask.params.or("storage", ""))
    }
}

/// `GET …/content/VOLUME`
pub(super) fn volume(centre: &Centre, ask: &Ask) -> Outcome {
    let volid = volid(ask);
    let found = centre.world().volume(&volid).map(|volume| {
        json!({"path": volume.path, "size": volume.size, "used": volume.size, "format": volume.format})
    });
    found.ok_or_else(|| Refusal::died(format!("volume '{volid}' does not exist")))
}

/// `DELETE …/content/VOLUME`
pub(super) fn remove(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let volid = volid(ask);
    {
        let world = centre.world();
        let Some(known) = world.volume(&volid) else {
            return Err(Refusal::died(format!("volume '{volid}' does not exist")));
        };
        let uses = |vm: &super::state::Vm| {
            vm.config
                .iter()
                .any(|(key, value)| is_drive(key) && value.split(',').next() == Some(volid.as_str()))
        };
        if let Some((vmid, _)) = world.vms.iter().find(|(_, vm)| known.content == "images" && uses(vm)) {
            return Err(Refusal::died(format!(
                "Cannot remove image, a guest with VMID '{vmid}' exists!\nYou can delete the image from the guest's hardware pane"
            )));
        }
    }
    let owner = centre.world().volume(&volid).and_then(|known| known.vmid).map(|vmid| vmid.to_string());
    let id = format!("{}@{}", owner.unwrap_or_default(), ask.params.or("storage", ""));
    let job = Job { kind: "imgdel", node: ask.node(), id, user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, log| {
        let removed =
            centre.world().remove_volume(&volid).ok_or_else(|| anyhow!("volume '{volid}' does not exist"))?;
        if let Some(path) = removed.path {
            std::fs::remove_file(&path).with_context(|| format!("unlink '{}' failed", path.display()))?;
        }
        log.line(format!("Removed volume '{volid}'"));
        Ok(())
    }))
}

/// `GET /nodes/N/aplinfo`
pub(super) fn appliances() -> Value {
    let list = APPLIANCES.iter().map(|(template, os, section)| {
        json!({
            "template": template, "os": os, "section": section, "type": "lxc", "version": "1", "package": os,
            "headline": "made by the rustible lab", "description": "a small archive of the rustible lab",
        })
    });
    Value::Array(list.collect())
}

/// `POST /nodes/N/aplinfo`: puts a small archive where the appliance would be.
pub(super) fn appliance(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (storage, template) =
        (ask.params.or("storage", "").to_owned(), ask.params.or("template", "").to_owned());
    if !APPLIANCES.iter().any(|(known, ..)| *known == template) {
        return Err(Refusal::param("template", "no such template"));
    }
    let place = target(centre, &storage, "vztmpl", &template)?;
    let job = Job { kind: "download", node: ask.node(), id: String::new(), user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, log| {
        std::fs::write(&place, b"an appliance template of the rustible lab\n")?;
        log.line(format!("downloading to {}", place.display()));
        keep(centre, &storage, "vztmpl", &place)
    }))
}

/// The file that an upload or download shall become. Refuses wrong names and storages.
pub(super) fn target(centre: &Centre, storage: &str, content: &str, name: &str) -> Result<PathBuf, Refusal> {
    let endings: &[&str] = match content {
        "iso" => &[".iso", ".img"],
        "vztmpl" => &[".tar.gz", ".tar.xz", ".tar.zst"],
        "import" => &[".ova", ".ovf", ".qcow2", ".raw", ".vmdk"],
        other => return Err(Refusal::param("content", format!("upload content type '{other}' not allowed"))),
    };
    let clean: String = name
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect();
    if !endings.iter().any(|ending| clean.to_ascii_lowercase().ends_with(ending)) || clean.starts_with('.') {
        return Err(Refusal::param("filename", "wrong file extension"));
    }
    let world = centre.world();
    let known = world.storage(storage)?;
    let Some(root) = &known.settings.path else {
        return Err(Refusal::died(format!("can't upload to storage type '{}'", known.settings.kind)));
    };
    if !known.holds(content) {
        return Err(Refusal::died(format!("storage '{storage}' does not support '{content}' content")));
    }
    Ok(root.join(folder(content)).join(clean))
}

/// Bytes that are left on a storage; none when a test has filled it.
pub(super) fn space(centre: &Centre, storage: &str) -> u64 {
    if centre.conditions().full.iter().any(|one| one == storage) {
        return 0;
    }
    centre.world().storages.get(storage).map_or(0, |one| one.settings.total.saturating_sub(one.used()))
}

/// Notes a file that is now in a storage's folder.
pub(super) fn keep(centre: &Centre, storage: &str, content: &str, path: &Path) -> Result<()> {
    let volume = from_file(content, path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut world = centre.world();
    let place = world.storage_mut(storage).map_err(|refusal| anyhow!(refusal.message))?;
    place.volumes.insert(format!("{storage}:{content}/{name}"), volume);
    drop(world);
    Ok(())
}
