//! Storages of a node and what is in them.

use rustible_sdk::{List, Result, Value, fail};

use super::client::Server;

/// Whether a volume is in a storage.
///
/// # Errors
/// What the server says.
pub(crate) fn has_volume(
    server: &Server,
    node: &str,
    storage: &str,
    content: &str,
    volume: &str,
) -> Result<bool> {
    let path = format!("/nodes/{node}/storage/{storage}/content");
    let listed = server.get(&path, &[("content", content)])?;
    let listed = listed.as_list().cloned().unwrap_or_default();
    Ok(listed.iter().any(|entry| entry.get("volid").and_then(Value::as_str) == Some(volume)))
}

/// The storage for disks: the one that is named when it takes them, or with `fallback` the one with most room.
///
/// # Errors
/// When there is none; names those that could be taken.
pub(crate) fn for_disks(server: &Server, node: &str, named: Option<&str>, fallback: bool) -> Result<String> {
    let listed = server.get(&format!("/nodes/{node}/storage"), &[("content", "images")])?;
    let mut usable: Vec<(String, i64)> = usable(&listed.as_list().cloned().unwrap_or_default());
    if let Some(named) = named
        && usable.iter().any(|(name, _)| name == named)
    {
        return Ok(named.to_string());
    }
    usable.sort_by_key(|(_, room)| std::cmp::Reverse(*room));
    match (usable.first(), named) {
        (Some((name, _)), None) => Ok(name.clone()),
        (Some((name, _)), Some(_)) if fallback => Ok(name.clone()),
        (None, _) => fail!("No storage of node {node} takes disks of virtual machines (content type images)"),
        (Some(_), named) => {
            let names: Vec<&str> = usable.iter().map(|(name, _)| name.as_str()).collect();
            let named = named.unwrap_or_default();
            fail!(
                "Storage {named} of node {node} does not take disks of virtual machines; these do: {}",
                names.join(", ")
            )
        }
    }
}

fn usable(listed: &List) -> Vec<(String, i64)> {
    let on = |entry: &Value, key: &str| entry.get(key).is_none_or(Value::truthy);
    let takes = |entry: &&Value| {
        let content = entry.get("content").and_then(Value::as_str).unwrap_or("images");
        content.split(',').any(|kind| kind.trim() == "images") && on(entry, "active") && on(entry, "enabled")
    };
    let listed = listed.iter().filter(takes).filter_map(|entry| {
        let room = entry.get("avail").and_then(Value::as_int).unwrap_or(0);
        entry.get("storage").and_then(Value::as_str).map(|name| (name.to_string(), room))
    });
    listed.collect()
}
