//! Variables that the runtime itself provides; nothing can override them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use rustible_inventory::Inventory;
use rustible_playbook::{Frame, FrameKind, Role};
use rustible_protocol::{Dict, Value};

use crate::{
    hosts::Hosts,
    scope::{PlayScope, TaskScope},
};

/// Beside what variable files of the playbook are looked for (`playbook_vars_root`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VarsRoot {
    /// The playbook.
    #[default]
    Top,
    /// The task's innermost role, or the task's own file.
    Bottom,
    /// All roles around the task, innermost first, then the task's own file.
    All,
}

/// What is the same for the whole run.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// Folder of the playbook that was named.
    pub playbook_dir: PathBuf,
    /// `ansible.cfg` in use.
    pub config_file: Option<PathBuf>,
    /// `--check`.
    pub check: bool,
    /// `--diff`.
    pub diff: bool,
    /// `--forks`.
    pub forks: usize,
    /// Number of `-v`.
    pub verbosity: u8,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--tags`, `all` when none are given.
    pub run_tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// Inventory sources as given.
    pub inventory_sources: Vec<String>,
    /// Facts are variables because nobody said otherwise, which a later version will not do.
    pub facts_by_default: bool,
    /// `playbook_vars_root`.
    pub vars_root: VarsRoot,
}

/// Looks magic variables up.
#[derive(Debug, Clone, Copy)]
pub struct Magic;

/// Their names, for `vars` and the `varnames` lookup.
pub(crate) const NAMES: &[&str] = &[
    "ansible_check_mode",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_parent_role_names",
    "ansible_parent_role_paths",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_search_path",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

impl Magic {
    /// The magic variable of that name, as the scope sees it.
    #[must_use]
    pub fn get(name: &str, scope: &TaskScope) -> Option<Value> {
        // Most names that are looked up are the author's own: three comparisons tell.
        if !(name.starts_with("ansible_")
            || name.starts_with("inventory_")
            || name.starts_with("group")
            || name.starts_with("play")
            || name.starts_with("role"))
        {
            return None;
        }
        Self::of_run(name, &scope.play.run)
            .or_else(|| Self::of_play(name, &scope.play))
            .or_else(|| Self::of_role(name, scope))
            .or_else(|| Self::of_host(name, scope))
    }

    fn of_run(name: &str, run: &RunFacts) -> Option<Value> {
        Some(match name {
            "playbook_dir" => path(&run.playbook_dir),
            "ansible_config_file" => run.config_file.as_deref().map_or(Value::Null, path),
            "ansible_check_mode" => run.check.into(),
            "ansible_diff_mode" => run.diff.into(),
            "ansible_forks" => run.forks.into(),
            "ansible_verbosity" => u32::from(run.verbosity).into(),
            "ansible_limit" => run.limit.as_deref()?.into(),
            "ansible_run_tags" => strings(&run.run_tags),
            "ansible_skip_tags" => strings(&run.skip_tags),
            "ansible_inventory_sources" => strings(&run.inventory_sources),
            "ansible_playbook_python" => Value::str(rustible_inventory::controller_python()),
            "ansible_version" => version(),
            _ => return None,
        })
    }

    fn of_play(name: &str, play: &PlayScope) -> Option<Value> {
        let left =
            |hosts: &Hosts| hosts.names_without(&play.removed.read().unwrap_or_else(PoisonError::into_inner));
        let names = |all: bool| {
            let mut names: Vec<String> = Vec::new();
            for role in &play.play.as_ref()?.roles {
                // A role counts as often as it is named.
                if !all {
                    names.push(role.name.clone());
                }
                if all {
                    dependencies(role, &mut names);
                }
            }
            Some(names)
        };
        Some(match name {
            "groups" => Value::Dict(play.inventory().groups_dict()),
            "ansible_play_name" => play.name.clone()?,
            "ansible_play_hosts_all" if play.play.is_some() => play.hosts_all.names(),
            "ansible_play_hosts" if play.play.is_some() => left(&play.hosts_all),
            "ansible_play_batch" | "play_hosts" if play.play.is_some() => left(&play.batch),
            "role_names" | "ansible_play_role_names" => strings(&names(false)?),
            "ansible_dependent_role_names" => strings(&names(true)?),
            "ansible_role_names" => {
                let mut all = names(true)?;
                all.extend(names(false)?);
                all.sort();
                all.dedup();
                strings(&all)
            }
            _ => return None,
        })
    }

    fn of_role(name: &str, scope: &TaskScope) -> Option<Value> {
        let frame = scope.frame.as_ref()?;
        let role = frame.role.as_ref()?;
        Some(match name {
            "role_name" => role.name.rsplit('.').next().unwrap_or_default().into(),
            "ansible_role_name" => role.name.as_str().into(),
            "role_path" => path(&role.path),
            "role_uuid" => role.identity.as_str().into(),
            "ansible_collection_name" => role.collection.as_deref()?.into(),
            // There is none where no task of another role brought the role in.
            "ansible_parent_role_names" | "ansible_parent_role_paths" => {
                let parents = including(frame);
                if parents.is_empty() {
                    return None;
                }
                let shown = |role: &Role| match name {
                    "ansible_parent_role_names" => role.name.clone(),
                    _ => role.path.display().to_string(),
                };
                strings(&parents.iter().map(|role| shown(role)).collect::<Vec<_>>())
            }
            _ => return None,
        })
    }

    fn of_host(name: &str, scope: &TaskScope) -> Option<Value> {
        if name == "ansible_search_path" {
            return Some(strings(
                &scope.search_path().iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
            ));
        }
        let host = scope.host.as_ref()?;
        let shown = scope.shown_host.as_ref().unwrap_or(host);
        Some(match name {
            "inventory_hostname" => Value::str(shown.clone()),
            "inventory_hostname_short" => host.split('.').next().unwrap_or_default().into(),
            "group_names" => group_names(&scope.play.inventory(), host),
            "inventory_file" | "inventory_dir" => {
                let inventory = scope.play.inventory();
                let source = inventory.source_of(host)?;
                if name == "inventory_file" { path(&source) } else { path(source.parent()?) }
            }
            "ansible_facts" => Value::Dict(scope.store().namespaced.clone()),
            _ => return None,
        })
    }
}

fn group_names(inventory: &Inventory, host: &str) -> Value {
    let mut names: Vec<String> = inventory.groups_of(host).into_iter().filter(|g| g != "all").collect();
    names.sort();
    strings(&names)
}

fn dependencies(role: &Role, names: &mut Vec<String>) {
    for dependency in &role.dependencies {
        if !names.contains(&dependency.name) {
            names.push(dependency.name.clone());
        }
        dependencies(dependency, names);
    }
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

fn strings(texts: &[String]) -> Value {
    texts.iter().map(Value::from).collect::<Vec<_>>().into()
}

/// The version of the language that is spoken, as playbooks ask for it.
/// The version of the language: that of the reference.
pub const LANGUAGE_VERSION: &str = "2.21.5";

fn version() -> Value {
    let fields = [("major", 2i64), ("minor", 21), ("revision", 5)];
    let mut version: Dict = fields.into_iter().collect();
    version.insert("full", LANGUAGE_VERSION);
    version.insert("string", LANGUAGE_VERSION);
    Value::Dict(version)
}
/// The roles whose tasks included or imported the role, the nearest first; roles that depend on it are none.
fn including(frame: &Frame) -> Vec<Arc<Role>> {
    let inner = frame.chain();
    let steps = inner.zip(frame.chain().skip(1));
    let entered =
        steps.filter(|(inner, outer)| inner.kind == FrameKind::Role && outer.kind == FrameKind::Include);
    entered.filter_map(|(_, outer)| outer.role.clone()).collect()
}
