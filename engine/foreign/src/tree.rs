//! Which file a module's name means, and that module made ready.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use rustible_protocol::{Style, Value};

use crate::{
    Payload, Places, PluginFile,
    collections::{self, Full},
    core::Core,
    folders,
    gather::Sources,
    groups::Groups,
    routing::{Route, Routes},
    style::style,
};

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A module, by the full name under which [`Tree::payload`] finds it.
    Module(String),
    /// An action plugin in Python, by the full name under which [`Tree::action`] finds it.
    Action(String),
    /// The name moved; this is its full name now.
    Moved(String),
    /// There is something of that name that rustible cannot run; why.
    Refused(String),
    /// Nothing.
    Nothing,
}

/// Every place modules come from, and what was found there.
#[derive(Default)]
pub struct Tree {
    pub(crate) places: Mutex<Places>,
    /// Full names of modules before which other code stands than their action plugins.
    prepared: Vec<String>,
    core: OnceLock<Option<Core>>,
    pub(crate) routes: Mutex<Routes>,
    files: Mutex<HashMap<String, Lookup>>,
    payloads: Mutex<HashMap<PathBuf, Arc<Payload>>>,
    pub(crate) groups: Mutex<Groups>,
}

/// Modules without a collection go by this one's name.
const LEGACY: &str = "ansible.legacy";
pub(crate) const BUILTIN: &str = "ansible.builtin";

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tree {
    /// Modules from these places.
    #[must_use]
    pub fn new(places: Places) -> Self {
        Self { places: Mutex::new(places), ..Self::default() }
    }

    /// The same, where the action plugins of these modules have something of ours in their place.
    #[must_use]
    pub fn with_actions(mut self, prepared: Vec<String>) -> Self {
        self.prepared = prepared;
        self
    }

    /// A playbook's or role's folder: `library`, `module_utils` and so on beside it count from now on.
    pub fn meet(&self, folder: &Path) {
        if lock(&self.places).meet(folder) {
            lock(&self.files).clear();
        }
    }

    /// What a full name leads to: of `ansible.legacy` in the `library` folders, of others in collections and the
    /// installed ansible-core.
    pub fn find(&self, name: &str) -> Lookup {
        if let Some(known) = lock(&self.files).get(name) {
            return known.clone();
        }
        let lookup = match Full::of(name) {
            Some(full) if full.collection == LEGACY => self.find_in_library(full.name),
            Some(full) => self.find_in_collection(name, full),
            None => Lookup::Nothing,
        };
        lock(&self.files).insert(name.to_string(), lookup.clone());
        lookup
    }

    /// The file of an action plugin by its full name.
    pub fn action(&self, name: &str) -> Option<PluginFile> {
        let Lookup::Action(full) = self.find(name) else { return None };
        let parts = Full::of(&full)?;
        if parts.collection == BUILTIN {
            let path = folders::plugin(&self.core()?.package.join("plugins/action"), parts.name)?;
            return Some(PluginFile { path, full: Some(format!("ansible.plugins.action.{}", parts.name)) });
        }
        self.plugin_files("action", &full, false).into_iter().next()
    }

    /// Whether there is a module of that full name, whatever stands in front of it.
    pub fn has_module(&self, name: &str) -> bool {
        self.path(name).is_some()
    }

    /// The version of ansible-core whose modules run; the language's when there is none.
    #[must_use]
    pub fn version(&self, fallback: &str) -> String {
        match self.core.get() {
            Some(Some(core)) => core.version.clone(),
            _ => fallback.to_string(),
        }
    }

    /// The module of that full name, made ready.
    ///
    /// # Errors
    /// When it, or something that it needs, is missing.
    pub fn payload(&self, name: &str) -> Result<Arc<Payload>, String> {
        let path = self.path(name).ok_or_else(|| format!("The module {name} was not found"))?;
        if let Some(known) = lock(&self.payloads).get(&path) {
            return Ok(known.clone());
        }
        let content = std::fs::read(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
        let payload = match style(&content) {
            None => {
                return Err(format!(
                    "the module {name} is written in PowerShell, which rustible does not support"
                ));
            }
            Some(Style::Python) => self.packed(name, &path, &content)?,
            Some(style) => Payload::plain(&path, style, content),
        };
        let payload = Arc::new(payload);
        lock(&self.payloads).insert(path, payload.clone());
        Ok(payload)
    }

    fn packed(&self, name: &str, path: &Path, content: &[u8]) -> Result<Payload, String> {
        let Some(core) = self.core() else {
            return Err(format!(
                "the module {name} is written in Python and needs the module_utils of ansible-core, which no Python of this machine has (RUSTIBLE_PYTHON names another)"
            ));
        };
        let full = match Full::of(name) {
            Some(full) if full.collection == BUILTIN => format!("ansible.modules.{}", full.name),
            Some(full) if full.collection != LEGACY => {
                format!("ansible_collections.{}.plugins.modules.{}", full.collection, full.name)
            }
            _ if path.starts_with(core.package.join("modules")) => {
                format!("ansible.modules.{}", name.rsplit('.').next().unwrap_or(name))
            }
            _ => name.to_string(),
        };
        let (folders, roots) = {
            let places = lock(&self.places);
            let mut folders: Vec<PathBuf> = places.beside("module_utils").collect();
            folders.extend(places.module_utils.iter().cloned());
            folders.push(core.package.join("module_utils"));
            (folders, self.with_core(places.roots()))
        };
        let sources = Sources { folders, roots, core };
        Payload::python(path, full, content, &sources, &mut lock(&self.routes))
    }

    pub(crate) fn core(&self) -> Option<&Core> {
        self.core.get_or_init(Core::find).as_ref()
    }

    fn with_core(&self, mut roots: Vec<PathBuf>) -> Vec<PathBuf> {
        roots.extend(self.core().iter().flat_map(|core| core.collections.iter().cloned()));
        roots
    }

    fn find_in_library(&self, name: &str) -> Lookup {
        if !self.plugin_files("action", name, true).is_empty() {
            return Lookup::Action(format!("{LEGACY}.{name}"));
        }
        match self.path(&format!("{LEGACY}.{name}")) {
            Some(_) => Lookup::Module(format!("{LEGACY}.{name}")),
            None => Lookup::Nothing,
        }
    }

    fn find_in_collection(&self, name: &str, full: Full<'_>) -> Lookup {
        if full.collection == BUILTIN {
            return self.find_in_core(name, full.name);
        }
        let Some(folder) = self.collection(full.collection) else { return Lookup::Nothing };
        let table = folder.join("meta/runtime.yml");
        for kind in ["action", "modules"] {
            match lock(&self.routes).of(&table, kind, full.name) {
                Some(Route::Redirect(target)) => return Lookup::Moved(target),
                Some(Route::Removed(why)) => {
                    return Lookup::Refused(format!("{name} has been removed. {why}"));
                }
                None => {}
            }
        }
        if collections::action(&folder, full.name).is_some() {
            return Lookup::Action(name.to_string());
        }
        match collections::module(&folder, full.name) {
            Some(_) => Lookup::Module(name.to_string()),
            None => Lookup::Nothing,
        }
    }

    fn find_in_core(&self, name: &str, short: &str) -> Lookup {
        let Some(core) = self.core() else { return Lookup::Nothing };
        if folders::plugin(&core.package.join("plugins/action"), short).is_some()
            && !self.prepared.iter().any(|prepared| prepared == name)
        {
            return Lookup::Action(name.to_string());
        }
        if folders::plugin(&core.package.join("modules"), short).is_some() {
            return Lookup::Module(name.to_string());
        }
        let table = core.package.join("config/ansible_builtin_runtime.yml");
        match lock(&self.routes).of(&table, "modules", short) {
            Some(Route::Redirect(target)) => Lookup::Moved(target),
            Some(Route::Removed(why)) => Lookup::Refused(format!("{name} has been removed. {why}")),
            None => Lookup::Nothing,
        }
    }

    /// The collection's folder, where it is found without asking for those of an installed package, which costs a
    /// process: they count when something of them was needed before.
    fn near(&self, collection: &str) -> Option<PathBuf> {
        let mut roots = lock(&self.places).roots();
        roots.extend(self.core.get().into_iter().flatten().flat_map(|core| core.collections.iter().cloned()));
        collections::folder(&roots, collection)
    }

    /// Whether the collection of that name is found without asking for those of an installed package.
    pub fn is_near(&self, collection: &str) -> bool {
        self.near(collection).is_some()
    }

    /// What a collection says of a module of its own that will go away, where it is found without much ado.
    pub fn deprecation(&self, name: &str) -> Option<Value> {
        let full = Full::of(name)?;
        let table = self.near(full.collection)?.join("meta/runtime.yml");
        lock(&self.routes).deprecation(&table, "modules", full.name)
    }

    /// The folder of the collection of that name: beside a playbook, in a configured folder, or of an installed package.
    pub fn collection(&self, name: &str) -> Option<PathBuf> {
        // Asking for the installed ansible-core costs a process: last.
        let roots = lock(&self.places).roots();
        let folder = collections::folder(&roots, name);
        let folder = folder.or_else(|| collections::folder(&self.with_core(Vec::new()), name))?;
        Some(std::path::absolute(&folder).unwrap_or(folder))
    }

    /// The file of a module by its full name.
    #[must_use]
    pub fn module_file(&self, name: &str) -> Option<PathBuf> {
        self.path(name)
    }

    /// The folder of an installed ansible-core with its plugins of a kind.
    #[must_use]
    pub fn core_folder(&self, kind: &str) -> Option<PathBuf> {
        let package = &self.core()?.package;
        let folder =
            if kind == "module" { package.join("modules") } else { package.join("plugins").join(kind) };
        Some(folder).filter(|folder| folder.is_dir())
    }

    /// Folders with modules that belong to no collection.
    #[must_use]
    pub fn module_folders(&self) -> Vec<PathBuf> {
        let places = lock(&self.places);
        let inner = places.modules.iter().flat_map(|folder| folders::with_inner(folder));
        places.beside("library").chain(inner).filter(|folder| folder.is_dir()).collect()
    }

    /// The file of a module by its full name.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let full = Full::of(name)?;
        match full.collection {
            BUILTIN => folders::plugin(&self.core()?.package.join("modules"), full.name),
            LEGACY => {
                let places = lock(&self.places);
                let inner = places.modules.iter().flat_map(|folder| folders::with_inner(folder));
                let mut all = places.beside("library").chain(inner);
                all.find_map(|folder| folders::module(&folder, full.name))
            }
            collection => collections::module(&self.collection(collection)?, full.name),
        }
    }
}
