//! Which actions and modules there are: one table for loading, checking and dispatch.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_foreign::{Lookup, PluginFile, Tree};
use rustible_playbook::{Catalog, Found, redirect};
use rustible_protocol::{Dict, Spec, Text};
use rustible_template::deprecation;

use crate::{action::Action, preparation::Preparation};

/// Statements of the language that look like actions.
const STATEMENTS: &[&str] = &[
    "ansible.builtin.meta",
    "ansible.builtin.include_tasks",
    "ansible.builtin.include_role",
    "ansible.builtin.import_tasks",
    "ansible.builtin.import_role",
];

/// The actions and the modules' interfaces.
#[derive(Default)]
pub struct Registry {
    actions: BTreeMap<&'static str, Arc<dyn Action>>,
    preparations: BTreeMap<&'static str, Arc<dyn Preparation>>,
    modules: BTreeMap<&'static str, &'static Spec>,
    /// Full names of modules that exist elsewhere and not here.
    elsewhere: Vec<String>,
    foreign: Arc<Tree>,
    /// Foreign modules come before native ones of the same name.
    prefer_foreign: bool,
    /// Short names that the configuration takes away.
    rejected: HashSet<String>,
}

impl Registry {
    /// The table of these actions and modules; `elsewhere` are full names that are known but not there.
    #[must_use]
    pub fn new(actions: Vec<Arc<dyn Action>>, modules: Vec<&'static Spec>, elsewhere: Vec<String>) -> Self {
        Self {
            actions: actions.into_iter().map(|action| (action.name(), action)).collect(),
            preparations: BTreeMap::new(),
            modules: modules.into_iter().map(|spec| (spec.name, spec)).collect(),
            elsewhere,
            ..Self::default()
        }
    }

    /// The same table with the modules of the user's tree, of collections and of an installed ansible-core behind it,
    /// or in front of it.
    #[must_use]
    pub fn with_foreign(mut self, tree: Tree, preferred: bool) -> Self {
        let prepared = self.preparations.keys().map(|name| (*name).to_string()).collect();
        self.foreign = Arc::new(tree.with_actions(prepared));
        self.prefer_foreign = preferred;
        self
    }

    /// The same table, in which these short names are not found.
    #[must_use]
    pub fn without(mut self, rejected: HashSet<String>) -> Self {
        self.rejected = rejected;
        self
    }

    /// Modules and plugins that are not rustible's own.
    #[must_use]
    pub fn foreign(&self) -> &Arc<Tree> {
        &self.foreign
    }

    /// Whether a task with this module runs a foreign one: where there is no native one, or by preference.
    pub(crate) fn runs_foreign(&self, name: &str) -> bool {
        (self.prefer_foreign || self.module(name).is_none()) && self.is_foreign(name)
    }

    /// The file of the action plugin in Python that a task with this full name runs: what is native is not asked for
    /// one, which would cost a process (an installed ansible-core is looked for).
    pub(crate) fn plugin(&self, name: &str) -> Option<PluginFile> {
        if self.has(name) && !self.prefer_foreign {
            return None;
        }
        self.foreign.action(name)
    }

    /// Whether the full name is that of a foreign module.
    pub(crate) fn is_foreign(&self, name: &str) -> bool {
        matches!(self.foreign.find(name), Lookup::Module(_))
    }

    /// The same table with these in front of their modules.
    #[must_use]
    pub fn prepared_by(mut self, preparations: Vec<Arc<dyn Preparation>>) -> Self {
        for preparation in preparations {
            for name in preparation.modules() {
                self.preparations.insert(name, Arc::clone(&preparation));
            }
        }
        self
    }

    /// What stands before the module of that full name.
    #[must_use]
    pub fn preparation(&self, name: &str) -> Option<&Arc<dyn Preparation>> {
        self.preparations.get(name)
    }

    /// The action of that full name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Arc<dyn Action>> {
        self.actions.get(name)
    }

    /// The interface of the module of that full name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&'static Spec> {
        self.modules.get(name).copied()
    }

    /// The interface of an action, or else of the module, of that full name.
    #[must_use]
    pub fn spec(&self, name: &str) -> Option<&Spec> {
        self.actions.get(name).map(|action| action.spec()).or_else(|| self.module(name))
    }

    fn has(&self, name: &str) -> bool {
        self.actions.contains_key(name) || self.modules.contains_key(name) || STATEMENTS.contains(&name)
    }
}

impl Registry {
    /// A native action or module by one of these names.
    fn native(&self, candidates: &[String]) -> Option<Found> {
        candidates.iter().find(|name| self.has(name)).cloned().map(Found::Known)
    }

    /// A module of a `library` folder: it has a short name, and no native action stands in front of it.
    fn library(&self, name: &str) -> Option<Found> {
        let short = match name.rsplit_once('.') {
            None => name,
            Some(("ansible.legacy", short)) => short,
            Some(_) => return None,
        };
        let builtin = format!("ansible.builtin.{short}");
        if self.actions.contains_key(builtin.as_str()) || STATEMENTS.contains(&builtin.as_str()) {
            return None;
        }
        found(self.foreign.find(&format!("ansible.legacy.{short}")))
    }

    /// What a short name means in the collections that are searched for it, where one of them has it before the
    /// language itself does. Those of an installed package count only where something of them was needed before.
    fn searched(&self, name: &str, collections: &[&Text]) -> Option<Found> {
        if name.contains('.') {
            return None;
        }
        let own = ["ansible.builtin", "ansible.legacy"];
        for collection in collections.iter().take_while(|collection| !own.contains(&collection.as_str())) {
            let full = format!("{collection}.{name}");
            if self.has(&full) {
                return Some(Found::Known(full));
            }
            if self.foreign.is_near(collection)
                && let Some(found) = self.elsewhere(&[full])
            {
                return Some(found);
            }
        }
        None
    }

    /// A module of a collection or of an installed ansible-core. `None` also when what the names lead to is native.
    fn elsewhere(&self, candidates: &[String]) -> Option<Found> {
        for candidate in candidates.iter().filter(|name| name.matches('.').count() >= 2) {
            let mut name = candidate.clone();
            // A name that moves in a circle is nothing.
            for _ in 0..10 {
                match self.foreign.find(&name) {
                    Lookup::Moved(target) if self.has(&target) => return Some(Found::Known(target)),
                    Lookup::Moved(target) => name = target,
                    other => match found(other) {
                        Some(found) => return Some(found),
                        None => break,
                    },
                }
            }
        }
        None
    }
}

/// Modules of the reference that will go away: what to use, and the version without them.
const OUTGOING: [(&str, &str, &str); 2] = [
    ("apt_key", "Use deb822_repository instead.", "2.25"),
    ("apt_repository", "Use deb822_repository instead.", "2.25"),
];

fn collection_of(name: &str) -> &str {
    let end = name.match_indices('.').nth(1).map_or(name.len(), |(at, _)| at);
    &name[..end]
}

/// Said of the statement that is no more.
const INCLUDE: &str = "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks instead. This feature was removed from ansible-core in a release after 2023-05-16.";

fn found(lookup: Lookup) -> Option<Found> {
    match lookup {
        Lookup::Module(full) | Lookup::Action(full) => Some(Found::Known(full)),
        Lookup::Refused(why) => Some(Found::Refused(why)),
        Lookup::Moved(_) | Lookup::Nothing => None,
    }
}

impl Catalog for Registry {
    fn has_group(&self, name: &str) -> bool {
        self.foreign.group(name).is_some()
    }

    fn find(&self, name: &str, collections: &[&Text]) -> Found {
        if self.rejected.contains(name) {
            return Found::Unknown;
        }
        let redirected = redirect(name);
        let mut candidates: Vec<String> = redirected.iter().cloned().collect();
        candidates.push(name.to_string());
        if !name.contains('.') {
            candidates.extend(collections.iter().map(|collection| format!("{collection}.{name}")));
            candidates.push(format!("ansible.builtin.{name}"));
            candidates.push(format!("community.general.{name}"));
        }
        let foreign = || self.elsewhere(&candidates);
        let chosen = self.searched(name, collections).or_else(|| self.library(name));
        let chosen = chosen.or_else(|| match self.prefer_foreign {
            true => foreign().filter(|f| matches!(f, Found::Known(_))).or_else(|| self.native(&candidates)),
            false => self.native(&candidates).or_else(foreign),
        });
        if let Some(chosen) = chosen {
            return chosen;
        }
        if matches!(name, "include" | "ansible.builtin.include" | "ansible.legacy.include") {
            return Found::Refused(INCLUDE.to_string());
        }
        let known = |name: &&String| self.elsewhere.contains(name);
        match candidates.iter().find(known).or(redirected.as_ref()) {
            Some(full) => Found::Missing(full.clone()),
            // A name of a collection says itself where it is from.
            None if name.matches('.').count() >= 2 => Found::Missing(name.to_string()),
            None => Found::Unknown,
        }
    }

    fn enter(&self, folder: &Path) {
        self.foreign.meet(folder);
    }

    fn outgoing(&self, name: &str, full: &str) -> Option<String> {
        let short = full.strip_prefix("ansible.builtin.");
        let told = match short.and_then(|short| OUTGOING.iter().find(|(module, ..)| *module == short)) {
            Some((_, instead, version)) if !name.starts_with("ansible.legacy.") => {
                let told = [("warning_text", *instead), ("removal_version", *version)];
                told.into_iter().collect::<Dict>().into()
            }
            _ => self.foreign.deprecation(if name.matches('.').count() > 1 { name } else { full })?,
        };
        let (collection, shown) = match short {
            Some(_) => ("ansible.builtin", name),
            None if name.matches('.').count() > 1 => (collection_of(name), name),
            None => (collection_of(full), full),
        };
        Some(deprecation::of_routing(shown, collection, &told))
    }

    fn collection(&self, name: &str) -> Option<PathBuf> {
        self.foreign.collection(name)
    }

    fn names(&self) -> Vec<String> {
        let all = self.actions.keys().chain(self.modules.keys()).chain(STATEMENTS);
        all.map(|name| (*name).to_string()).collect()
    }
}
