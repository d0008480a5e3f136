//! Layers of variables, additions while a play runs, the implicit localhost, plugins that are refused, and size.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustible_inventory::{Inventory, Layer, Settings};
use rustible_protocol::{Dict, Value};

fn load(sources: &[String]) -> Inventory {
    Inventory::load(sources, Settings::default(), Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec())), None)
        .unwrap()
}

/// A folder for one test, taken away at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("rustible-inventory-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(root)
    }
    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn layers_come_in_the_order_of_precedence() {
    let folder = Folder::new(
        "layers",
        &[
            ("inv/hosts", "[g]\nh v=host\n[all:vars]\nv=all\n[g:vars]\nv=group\n"),
            ("inv/group_vars/all.yml", "v: files all\n"),
            ("inv/group_vars/g.yml", "v: files g\n"),
            ("inv/host_vars/h.yml", "v: files h\n"),
            ("play/group_vars/all/a.yml", "v: play all\n"),
            ("play/group_vars/g", "v: play g\n"),
            ("play/host_vars/h.json", "{\"v\": \"play h\"}"),
        ],
    );
    let mut inventory = load(&[folder.path("inv/hosts")]);
    inventory.set_play_dirs(vec![folder.0.join("play")]);
    let layers = inventory.try_layers("h").unwrap();
    let seen: Vec<(Layer, &str)> =
        layers.iter().map(|(layer, vars)| (*layer, vars.get("v").unwrap().as_str().unwrap())).collect();
    let wanted = [
        (Layer::InventoryAll, "all"),
        (Layer::InventoryGroups, "group"),
        (Layer::FilesAllInventory, "files all"),
        (Layer::FilesAllPlay, "play all"),
        (Layer::FilesGroupsInventory, "files g"),
        (Layer::FilesGroupsPlay, "play g"),
        (Layer::InventoryHost, "host"),
        (Layer::FilesHostInventory, "files h"),
        (Layer::FilesHostPlay, "play h"),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn a_broken_variable_file_is_an_error_at_its_place() {
    let folder = Folder::new(
        "broken",
        &[("hosts", "h\n"), ("group_vars/all.yml", "a: b: c\n"), ("host_vars/i.yml", "- 1\n")],
    );
    let inventory = load(&[folder.path("hosts")]);
    let error = inventory.check_vars(["h"]).unwrap_err();
    assert!(error.message.starts_with("YAML parsing failed: Colons in unquoted values"), "{error}");
    assert_eq!(error.origin.unwrap().line, 1);
    std::fs::write(folder.0.join("group_vars/all.yml"), "").unwrap();
    assert!(inventory.check_vars(["h"]).is_ok());
    assert!(inventory.check_vars(["i"]).unwrap_err().to_string().contains("expected dicts but got"));
}

#[test]
fn encrypted_variable_files_go_through_the_vault() {
    let folder =
        Folder::new("vault", &[("hosts", "h\n"), ("group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n00\n")]);
    let decrypt = Arc::new(|_: &Path, _: &[u8]| Ok(b"secret: opened".to_vec()));
    let inventory = Inventory::load(&[folder.path("hosts")], Settings::default(), decrypt, None).unwrap();
    assert_eq!(inventory.host_vars("h").unwrap().get("secret").unwrap().as_str(), Some("opened"));
}

#[test]
fn hosts_and_groups_can_be_added_while_a_play_runs() {
    let mut inventory = load(&["a,b,".to_string()]);
    let vars: Dict = [("x", Value::from(1))].into_iter().collect();
    assert!(inventory.add_host("new", &["fresh".into(), "other".into()], &vars).unwrap());
    assert!(!inventory.add_host("new", &["fresh".into()], &vars).unwrap(), "the same again changes nothing");
    assert_eq!(inventory.groups_of("new"), ["all", "fresh", "other"]);
    assert_eq!(inventory.host_vars("new").unwrap().get("x"), Some(&Value::from(1)));
    assert!(inventory.add_to_group("a", "os_debian", &["os".into()]).unwrap());
    assert!(!inventory.add_to_group("a", "os_debian", &["os".into()]).unwrap());
    assert_eq!(inventory.groups_of("a"), ["all", "os", "os_debian"]);
    assert_eq!(inventory.select("os").unwrap().hosts, ["a".into()]);
    assert_eq!(inventory.groups_of("b"), ["all", "ungrouped"]);
    assert!(inventory.add_to_group("stranger", "g", &[]).is_err());
}

#[test]
fn deeper_groups_and_higher_priorities_win() {
    let text = "[b]\nh\n[a]\nh\n[deep]\nh\n[mid:children]\ndeep\n[a:vars]\nv=a\nansible_group_priority=10\n[b:vars]\nv=b\n[deep:vars]\nw=deep\n[mid:vars]\nw=mid\n";
    let folder = Folder::new("priority", &[("hosts", text)]);
    let vars = load(&[folder.path("hosts")]).host_vars("h").unwrap();
    assert_eq!((vars.get("v").unwrap().as_str(), vars.get("w").unwrap().as_str()), (Some("a"), Some("deep")));
}

#[test]
fn this_machine_is_there_without_being_named() {
    let inventory = load(&["a,".to_string()]);
    assert_eq!(inventory.select("localhost").unwrap().hosts, ["localhost".into()]);
    assert!(inventory.is_implicit("localhost"));
    assert_eq!(
        inventory.host_vars("localhost").unwrap().get("ansible_connection").unwrap().as_str(),
        Some("local")
    );
    assert_eq!(inventory.select("all").unwrap().hosts, ["a".into()]);
    assert_eq!(inventory.resolve_host("nobody"), None);
}

#[test]
fn an_unknown_inventory_plugin_is_refused_by_name_and_place() {
    let folder = Folder::new("plugin", &[("aws.yml", "regions: [x]\nplugin: amazon.aws.aws_ec2\n")]);
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let error = Inventory::load(&[folder.path("aws.yml")], Settings::default(), decrypt, None).unwrap_err();
    assert!(error.message.contains("'amazon.aws.aws_ec2', which rustible does not have"), "{error}");
    assert_eq!(error.origin.unwrap().line, 2);
}

#[test]
fn ten_thousand_hosts_are_read_and_chosen_in_a_moment() {
    let folder =
        Folder::new("size", &[("hosts", "[web]\nweb[00001:10000].example.com x=1\n[web:vars]\ny=2\n")]);
    let start = Instant::now();
    let inventory = load(&[folder.path("hosts")]);
    assert_eq!(inventory.select("web:!web00001*").unwrap().hosts.len(), 9999);
    assert_eq!(inventory.host_names().iter().map(|host| inventory.layers(host).len()).sum::<usize>(), 20_000);
    // A bound that only something quadratic would miss.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn sources_can_be_read_again_and_additions_stay() {
    let folder = Folder::new("refresh", &[("hosts", "a\nb\n")]);
    let mut inventory = load(&[folder.path("hosts")]);
    inventory.add_host("added", &["g".into()], &Dict::new()).unwrap();
    inventory.add_to_group("b", "byname", &[]).unwrap();
    inventory.set_limit(Some("!c")).unwrap();
    std::fs::write(folder.0.join("hosts"), "a\nc\nd\n").unwrap();
    inventory.refresh(None).unwrap();
    let names: Vec<String> = inventory.select("all").unwrap().hosts.iter().map(ToString::to_string).collect();
    // Added hosts are in `all` itself, which comes before its groups.
    assert_eq!(names, ["added", "a", "d"].map(String::from), "the limit still holds");
    assert_eq!(inventory.groups_of("added"), ["all", "g"]);
    assert!(!inventory.has_group("byname"));
}
