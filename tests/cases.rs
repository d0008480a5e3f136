//! Every case of `modules/<full name>/*.yml` through its module, four times: check, apply, apply again, check again.
//!
//! A case has `files` (path to text; a path that ends in `/` is a folder, `{link: target}` a link), `args`, and `expect`: keys
//! of the result, and `files` as they are afterwards (`null` for absent). `@root@` is the case's own folder. `repeat:
//! changes` is for modules that always change something; `check: skipped` for those that skip themselves then.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::{collections::BTreeMap, fs, path::Path};

use rustible_protocol::{Call, Dict, Reply, Value, json};
use rustible_sdk::{Entry, HostContext};

fn load(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let read: serde_json::Value =
        yaml_serde::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    json::read(&read.to_string()).unwrap()
}

/// A value with the case's folder put in.
fn placed(value: &Value, root: &str) -> Value {
    match value {
        Value::Str(text) => Value::str(text.replace("@root@", root)),
        Value::List(items) => Value::List(items.iter().map(|item| placed(item, root)).collect()),
        Value::Dict(dict) => {
            Value::Dict(dict.iter().map(|(k, v)| (placed(k, root), placed(v, root))).collect())
        }
        other => other.clone(),
    }
}

/// Everything below a folder: kind, permissions, content.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let (mut all, mut waiting) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions());
            let what = if meta.is_symlink() {
                format!("link {}", fs::read_link(&path).unwrap().display())
            } else if meta.is_dir() {
                waiting.push(path.clone());
                format!("dir {mode:o}")
            } else {
                format!("file {mode:o} {}", String::from_utf8_lossy(&fs::read(&path).unwrap()))
            };
            all.insert(path.display().to_string(), what);
        }
    }
    all
}

fn prepare(root: &Path, files: &Dict) {
    for (path, content) in files {
        let folder = path.as_str().unwrap().ends_with('/');
        let path = root.join(path.as_str().unwrap().trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            _ if folder => fs::create_dir_all(&path).unwrap(),
            Value::Str(text) => fs::write(&path, text.as_str()).unwrap(),
            Value::Dict(link) => {
                let target = link.get("link").unwrap().as_str().unwrap();
                std::os::unix::fs::symlink(target, &path).unwrap();
            }
            _ => fs::create_dir_all(&path).unwrap(),
        }
    }
}

struct Case {
    name: String,
    data: Value,
    entry: Entry,
}

impl Case {
    fn get(&self, key: &str) -> Option<&Value> {
        self.data.get(key)
    }

    fn call(&self, root: &str, check: bool) -> Reply {
        let args = self.get("args").map(|args| placed(args, root)).unwrap_or_default();
        let args = args.as_dict().cloned().unwrap_or_default();
        let module = (self.entry.spec)().name.to_string();
        let call = Call { module, args, check, diff: true, ..Call::default() };
        // Without `@root@` the case's paths are those of a target whose `/` is the folder.
        let rooted = self.get("files").is_some() && !format!("{:?}", self.data).contains("@root@");
        let context = HostContext { root: rooted.then(|| root.into()), ..HostContext::default() };
        rustible_sdk::call(&self.entry, &call, context)
    }

    fn expects(&self, key: &str) -> bool {
        self.get("expect").and_then(|e| e.get(key)).is_some_and(Value::truthy)
    }

    /// What is wrong with it.
    fn problems(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let text = root.display().to_string();
        let files = self.get("files").map(|f| placed(f, &text)).unwrap_or_default();
        prepare(&root, files.as_dict().unwrap_or(&Dict::new()));
        let before = tree(&root);
        let fails = self.expects("failed");
        let first = self.call(&text, true);
        if tree(&root) != before {
            wrong.push("the check changed files".to_string());
        }
        let applied = self.call(&text, false);
        let skips = self.get("check").and_then(Value::as_str) == Some("skipped");
        let changed = |reply: &Reply| reply.result.get("changed").is_some_and(Value::truthy);
        if !skips && !fails && changed(&first) != changed(&applied) {
            wrong.push(format!("the check said changed={}, applying {}", changed(&first), changed(&applied)));
        }
        self.hold(&root, &text, &applied, &mut wrong);
        if fails {
            return wrong;
        }
        let after = tree(&root);
        let repeats = self.get("repeat").and_then(Value::as_str) == Some("changes");
        for (check, what) in [(false, "applying again"), (true, "checking again")] {
            let reply = self.call(&text, check);
            if reply.result.get("failed").is_some() {
                wrong.push(format!("{what} failed: {:?}", reply.result));
            }
            if !repeats && (changed(&reply) || tree(&root) != after) {
                wrong.push(format!("{what} changed something: {:?}", reply.result));
            }
        }
        wrong
    }

    fn hold(&self, root: &Path, text: &str, reply: &Reply, wrong: &mut Vec<String>) {
        let expect = self.get("expect").map(|e| placed(e, text)).unwrap_or_default();
        let expect = expect.as_dict().cloned().unwrap_or_default();
        if expect.is_empty() {
            wrong.push("it expects nothing".to_string());
        }
        if !expect.contains_key("failed") && reply.result.contains_key("failed") {
            wrong.push(format!("it failed: {:?}", reply.result));
        }
        for (key, value) in &expect {
            let key = key.as_str().unwrap();
            if key == "files" {
                for (path, content) in value.as_dict().unwrap() {
                    let path = root.join(path.as_str().unwrap().trim_start_matches('/'));
                    let found = fs::read_to_string(&path).ok().map(Value::from).unwrap_or_default();
                    if found != *content {
                        wrong.push(format!("{}: wanted {content:?}, found {found:?}", path.display()));
                    }
                }
                continue;
            }
            let found = reply.result.get(key).cloned().unwrap_or_default();
            if !within(value, &found) {
                wrong.push(format!("{key}: wanted {value:?}, found {found:?}"));
            }
        }
    }
}

/// Whether a value has what is expected of it: mappings may have more keys.
fn within(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Dict(expected), Value::Dict(found)) => {
            expected.iter().all(|(key, value)| found.get_value(key).is_some_and(|found| within(value, found)))
        }
        _ => expected == found,
    }
}

fn cases() -> Vec<Case> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("modules");
    let entries = [rustible_ansible_builtin::modules()].concat();
    let mut all = Vec::new();
    for folder in fs::read_dir(base).unwrap().map(|e| e.unwrap().path()) {
        let module = folder.file_name().unwrap().to_string_lossy().into_owned();
        let entry = entries.iter().find(|e| (e.spec)().name == module);
        let entry = entry.unwrap_or_else(|| panic!("there are cases for {module} and no such module"));
        for file in fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            let name = format!("{module}/{}", file.file_stem().unwrap().to_string_lossy());
            all.push(Case { name, data: load(&file), entry: *entry });
        }
    }
    all
}

#[test]
fn every_case_holds_when_checked_applied_and_repeated() {
    let cases = cases();
    assert!(!cases.is_empty());
    let wrong: Vec<String> = cases
        .iter()
        .flat_map(|case| case.problems().into_iter().map(|problem| format!("{}: {problem}", case.name)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
