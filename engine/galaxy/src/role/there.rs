//! A role's folder: its metadata and what was noted when it was installed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::Value;
use rustible_source::{Diagnostic, Kind};

use super::requirement::RoleSpec;
use crate::{
    context::{Context, failed},
    options::RolesPath,
};

/// Files of a role's metadata, the first that is there counts.
pub(crate) const META: [&str; 2] = ["meta/main.yml", "meta/main.yaml"];
const REQUIREMENTS: [&str; 2] = ["meta/requirements.yml", "meta/requirements.yaml"];
/// Where an installation is noted.
pub(crate) const INSTALLED: &str = "meta/.galaxy_install_info";

/// The folders of roles: those of the command line before the configured ones.
pub(crate) fn folders(args: &RolesPath, context: &Context<'_>) -> Vec<PathBuf> {
    let asked = args.roles_path.iter().rev().flat_map(|paths| paths.split(':'));
    let asked = asked.filter(|path| !path.is_empty()).map(crate::paths::resolve);
    asked.chain(context.roles.iter().cloned()).collect()
}

/// A role and the folders it may be in.
pub(crate) struct Role {
    /// As it is asked for.
    pub(crate) spec: RoleSpec,
    /// Its folders, in the order of the paths of roles.
    pub(crate) paths: Vec<PathBuf>,
    /// The one it is in, or goes to.
    pub(crate) path: PathBuf,
}

impl Role {
    /// A name that leads out of the folders of roles is refused.
    pub(crate) fn new(spec: RoleSpec, folders: &[PathBuf]) -> Result<Self, Diagnostic> {
        let name = Path::new(&spec.name);
        if !crate::archive::stays_inside(name) && !name.is_absolute() {
            return Err(failed(format!("'{}' is no name of a role", spec.name)));
        }
        let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.join(name)).collect();
        let path = paths.first().cloned().unwrap_or_default();
        Ok(Self { spec, paths, path })
    }

    /// The metadata of the first folder that has it.
    pub(crate) fn metadata(&self) -> Option<Value> {
        self.paths.iter().find_map(|path| {
            META.iter().map(|file| path.join(file)).find(|file| file.is_file()).and_then(|file| load(&file))
        })
    }

    /// What was noted when it was installed.
    pub(crate) fn installed(&self) -> Option<Value> {
        load(&self.path.join(INSTALLED)).filter(|value| !value.is_null())
    }

    /// The version that is installed.
    pub(crate) fn installed_version(&self) -> Option<Value> {
        self.installed().map(|info| info.get("version").cloned().unwrap_or_default())
    }

    /// The roles it needs, by its metadata and by its requirements.
    pub(crate) fn needed(&self) -> Result<Vec<Value>, Diagnostic> {
        let shown = self.spec.shown();
        let metadata = self.metadata().unwrap_or_default();
        let of_meta = metadata.get("dependencies").filter(|value| value.truthy()).cloned();
        let mut all = match of_meta {
            None => Vec::new(),
            Some(Value::List(list)) => list.iter().cloned().collect(),
            Some(other) => {
                return Err(failed(format!(
                    "Expected role dependencies to be a list. Role {shown} has meta/main.yml with dependencies {}",
                    rustible_protocol::repr::str(&other)
                ))
                .of_kind(Kind::Parse));
            }
        };
        let file = REQUIREMENTS.iter().map(|file| self.path.join(file)).find(|file| file.is_file());
        match file.and_then(|file| load(&file)) {
            None => {}
            Some(Value::List(list)) => all.extend(list.iter().cloned()),
            Some(other) => {
                return Err(failed(format!(
                    "Expected role dependencies to be a list. Role {shown} has meta/requirements.yml {}",
                    rustible_protocol::repr::str(&other)
                ))
                .of_kind(Kind::Parse));
            }
        }
        Ok(all)
    }

    /// Remove it; only what has metadata of a role is removed.
    pub(crate) fn remove(&self) -> bool {
        self.metadata().is_some_and(|meta| meta.truthy()) && fs::remove_dir_all(&self.path).is_ok()
    }
}

/// A YAML file, when it can be read.
pub(crate) fn load(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    let name: Arc<str> = path.display().to_string().into();
    rustible_yaml::load(&name, &text).ok().map(Value::into_untrusted)
}
