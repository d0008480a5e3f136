//! Where the content of what is asked for lies: fetched once, into a folder that is gone with the command.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;
use tempfile::TempDir;

use super::{
    meta::{self, Meta},
    requirement::{Kind, Wanted, below},
};
use crate::{
    api::Api,
    archive::{self, Entry},
    context::{Context, failed},
    fault::lost,
    git,
    paths::io,
};

/// What was fetched.
pub(crate) struct Artifacts<'a> {
    /// What the command works with.
    pub(crate) context: &'a Context<'a>,
    /// The servers.
    pub(crate) api: Api<'a>,
    work: TempDir,
    paths: RefCell<HashMap<String, PathBuf>>,
    archives: RefCell<HashMap<PathBuf, Rc<Vec<Entry>>>>,
}

impl<'a> Artifacts<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Result<Self, Diagnostic> {
        let work = tempfile::Builder::new().prefix("rustible-galaxy-").tempdir();
        let work = work.map_err(|error| failed(format!("no temporary folder: {error}")))?;
        Ok(Self {
            context,
            api: Api::new(context),
            work,
            paths: RefCell::default(),
            archives: RefCell::default(),
        })
    }

    /// The folder for what is fetched.
    pub(crate) fn work(&self) -> &Path {
        self.work.path()
    }

    /// The file or folder with the content.
    pub(crate) fn path(&self, wanted: &Wanted) -> Result<PathBuf, Diagnostic> {
        let key = match &wanted.source {
            Some(source) if wanted.kind != Kind::Galaxy => source.clone(),
            _ => wanted.shown(),
        };
        if let Some(path) = self.paths.borrow().get(&key) {
            return Ok(path.clone());
        }
        let source = wanted.source.as_deref().unwrap_or_default();
        let path = match wanted.kind {
            Kind::File | Kind::Dir | Kind::Subdirs => PathBuf::from(source),
            Kind::Git => git::checkout(source, &wanted.version, self.work(), self.context)?,
            Kind::Url => self.api.download_url(source, self.work()).map_err(|error| lost(source, error))?,
            Kind::Galaxy | Kind::Core => self.api.download(wanted, self.work())?,
        };
        self.paths.borrow_mut().insert(key, path.clone());
        Ok(path)
    }

    /// The entries of an archive.
    pub(crate) fn entries(&self, path: &Path) -> Result<Rc<Vec<Entry>>, Diagnostic> {
        if let Some(entries) = self.archives.borrow().get(path) {
            return Ok(Rc::clone(entries));
        }
        if !path.exists() {
            return Err(failed(format!("Unable to find collection artifact file at '{}'.", path.display())));
        }
        let entries = archive::read(path)?.ok_or_else(|| {
            failed(format!("Collection artifact at '{}' is not a valid tar file.", path.display()))
        })?;
        let entries = Rc::new(entries);
        self.archives.borrow_mut().insert(path.to_path_buf(), Rc::clone(&entries));
        Ok(entries)
    }

    /// What a folder or an archive says of itself.
    pub(crate) fn meta(&self, wanted: &Wanted) -> Result<Meta, Diagnostic> {
        let path = self.path(wanted)?;
        if wanted.kind == Kind::Dir {
            return meta::of_folder(&path, false, self.context.say).map_err(|error| {
                if path.join("galaxy.yml").is_file() || path.join("MANIFEST.json").is_file() {
                    error
                } else {
                    failed(format!("Failed to find the collection dir deps: {}", error.summary()))
                }
            });
        }
        meta::of_archive(&self.entries(&path)?, &path)
    }

    /// What it needs: names or paths, and ranges.
    pub(crate) fn dependencies(&self, wanted: &Wanted) -> Result<Vec<(String, String)>, Diagnostic> {
        let any = |path: &Path| (path.display().to_string(), "*".to_string());
        match wanted.kind {
            Kind::Core => Ok(Vec::new()),
            Kind::Git => Ok(vec![any(&self.path(wanted)?)]),
            Kind::Subdirs => {
                let source = wanted.source.as_deref().unwrap_or_default();
                Ok(below(source).iter().map(|path| any(path)).collect())
            }
            Kind::Galaxy => self.api.dependencies(wanted),
            Kind::File | Kind::Url | Kind::Dir => Ok(self.meta(wanted)?.dependencies()),
        }
    }

    /// The range of ansible-core's versions that a collection is for.
    pub(crate) fn requires_core(&self, wanted: &Wanted) -> Result<Option<String>, Diagnostic> {
        let text = match wanted.kind {
            Kind::Galaxy => return Ok(self.api.requires_core(wanted)),
            Kind::Dir => {
                let path = self.path(wanted)?.join("meta/runtime.yml");
                if !path.is_file() {
                    return Ok(None);
                }
                std::fs::read_to_string(&path).map_err(io(&path))?
            }
            Kind::File | Kind::Url => {
                let path = self.path(wanted)?;
                let entries = self.entries(&path)?;
                let Some(entry) = entries.iter().find(|entry| entry.name == "meta/runtime.yml") else {
                    return Ok(None);
                };
                String::from_utf8_lossy(&entry.data).into_owned()
            }
            Kind::Git | Kind::Subdirs | Kind::Core => return Ok(None),
        };
        let name: Arc<str> = "meta/runtime.yml".into();
        let runtime = rustible_yaml::load(&name, &text).unwrap_or(Value::Null);
        let range = runtime.get("requires_ansible").filter(|range| range.truthy());
        Ok(range.map(repr::str))
    }

    /// What `GALAXY.yml` beside an installed collection tells of where it came from.
    pub(crate) fn origin(&self, wanted: &Wanted) -> Option<Dict> {
        self.api.origin(wanted)
    }
}
