//! Where the file of tasks that an include or import names is: the reference's places in the reference's order.
//!
//! The name stands for places beside the includes around it, by the folders that those were named with, innermost first and
//! put together outwards. Each of these is tried in the role first, where there is one, then beside the playbook.

use std::path::{Path, PathBuf};

use rustible_source::normal;

use crate::frame::{Frame, FrameKind};

/// What a name of a task file is looked for with.
pub(super) struct Seeker<'a> {
    /// What the include stands in.
    pub(super) frame: &'a Frame,
    /// The role's folder for such files: `tasks` or `handlers`.
    pub(super) section: &'static str,
    /// An `import_tasks`, which is less sure about what a role is.
    pub(super) fixed: bool,
}

impl Seeker<'_> {
    /// The file: the first that is there, or the last place that was tried.
    pub(super) fn find(&self, target: &Path) -> PathBuf {
        let mut tried = None;
        let mut folder: Option<PathBuf> = None;
        let mut inner = self.frame;
        for around in self.frame.chain() {
            if around.kind == FrameKind::Include {
                let outer = match &around.named {
                    Some(named) => named.clone(),
                    None => inner.role.as_ref().map(|role| role.path.clone()).unwrap_or_default(),
                };
                let put = match folder {
                    Some(folder) if !folder.is_absolute() => outer.join(folder),
                    Some(folder) if self.fixed => folder,
                    _ => outer,
                };
                let path = self.beside(&put, target);
                if path.exists() {
                    return path;
                }
                (folder, tried) = (Some(put), Some(path));
            }
            inner = around;
        }
        tried.filter(|_| !self.fixed).unwrap_or_else(|| self.at_home(target))
    }

    /// In the folder of an include around.
    fn beside(&self, folder: &Path, target: &Path) -> PathBuf {
        let Some(role) = &self.frame.role else {
            return self.relative(&self.play(), folder, target, false);
        };
        let section = Path::new(self.section);
        let inside = role.path.join(section).join(folder);
        if self.fixed {
            return self.relative(&inside, section, target, false);
        }
        let own = self.relative(&role.path, section, target, true);
        if own.exists() { own } else { self.relative(&inside, section, target, true) }
    }

    /// Without an include around that has it.
    fn at_home(&self, target: &Path) -> PathBuf {
        match &self.frame.role {
            Some(role) => self.relative(&role.path, Path::new(self.section), target, !self.fixed),
            None => normal(&self.play().join(target)),
        }
    }

    /// The playbook's folder.
    fn play(&self) -> PathBuf {
        let folder = self.frame.chain().last().and_then(|play| play.folder.clone()).unwrap_or_default();
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// The name in a folder below `path`, in `path` itself, in the working folder's and the playbook's.
    fn relative(&self, path: &Path, folder: &Path, target: &Path, role: bool) -> PathBuf {
        if target.is_absolute() || target.starts_with("~") {
            return normal(target);
        }
        let in_tasks = path.ends_with("tasks");
        let role = role || is_role(path, in_tasks);
        let base = normal(if role && in_tasks { path.parent().unwrap_or(path) } else { path });
        let play = self.play();
        let own = role && !target.ends_with(folder);
        let here = std::env::current_dir().unwrap_or_default();
        let places = [
            Some(path.join(folder).join(target)),
            Some(normal(&base.join(folder).join(target))),
            own.then(|| normal(&base.join("tasks").join(target))),
            Some(normal(&here.join(folder).join(target))),
            Some(normal(&base.join(target))),
            Some(normal(&play.join(folder).join(target))),
        ];
        let found = places.into_iter().flatten().find(|place| place.exists());
        found.unwrap_or_else(|| normal(&play.join(target)))
    }
}

/// Whether a folder looks like a role, or like a role's `tasks`.
fn is_role(path: &Path, in_tasks: bool) -> bool {
    let main =
        |folder: &Path| ["main.yml", "main.yaml", "main"].iter().any(|name| folder.join(name).exists());
    let with_main = |folder: &Path| ["tasks", "meta"].iter().any(|part| main(&folder.join(part)));
    in_tasks && main(path) || with_main(&normal(path)) || path.parent().is_some_and(with_main)
}
