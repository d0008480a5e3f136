//! `role init` and `collection init`: from the built-in skeleton, or from a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fancy_regex::Regex;
use rustible_protocol::{Dict, Value};
use rustible_source::{Diagnostic, Kind};

use crate::{
    context::{Context, failed},
    options::{CollectionInit, RoleInit},
    paths::{io, is_collection_name, not_a_name, resolve},
    skeleton,
};

/// What is made.
struct New<'a> {
    what: &'static str,
    name: &'a str,
    /// As messages show it.
    path: PathBuf,
    skeleton: Option<String>,
    ignored: &'a [String],
    variables: Dict,
}

pub(crate) fn role(args: &RoleInit, context: &Context<'_>) -> Result<u8, Diagnostic> {
    if args.role_type != "default" && args.role_skeleton.is_none() && context.skeletons[0].is_none() {
        let text = format!("--type={} is not supported by rustible; there is default", args.role_type);
        return Err(Diagnostic::new(text).of_kind(Kind::Usage));
    }
    let texts = [
        ("author", "your name"),
        ("company", "your company (optional)"),
        ("license", "license (GPL-2.0-or-later, MIT, etc)"),
        ("role_name", &args.role_name),
        ("role_type", &args.role_type),
        ("issue_tracker_url", "http://example.com/issue/tracker"),
        ("repository_url", "http://example.com/repository"),
        ("documentation_url", "http://docs.example.com"),
        ("homepage_url", "http://example.com"),
        ("min_ansible_version", &context.core[..context.core.len().min(3)]),
    ];
    let mut variables = common("role", context);
    variables.extend(&texts.into_iter().collect::<Dict>());
    variables.insert("dependencies", Value::list());
    let new = New {
        what: "Role",
        name: &args.role_name,
        path: shown(&args.init_path, &[&args.role_name]),
        skeleton: args.role_skeleton.clone().or_else(|| context.skeletons[0].clone()),
        ignored: &context.ignored[0],
        variables,
    };
    new.make(args.force, context)
}

pub(crate) fn collection(args: &CollectionInit, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let name = &args.collection_name;
    let whole = name.split(':').next().unwrap_or(name);
    let Some((namespace, own)) = name.split_once('.').filter(|_| is_collection_name(whole)) else {
        return Err(not_a_name(name));
    };
    let texts = [
        ("namespace", namespace),
        ("collection_name", own),
        ("version", "1.0.0"),
        ("readme", "README.md"),
        ("repository", "http://example.com/repository"),
        ("documentation", "http://docs.example.com"),
        ("homepage", "http://example.com"),
        ("issues", "http://example.com/issue/tracker"),
    ];
    let mut variables = common("collection", context);
    variables.extend(&texts.into_iter().collect::<Dict>());
    variables.insert("authors", vec![Value::from("your name <example@domain.com>")]);
    variables.insert("license", vec![Value::from("GPL-2.0-or-later")]);
    variables.insert("build_ignore", Value::list());
    let new = New {
        what: "Collection",
        name,
        path: shown(&args.init_path, &[namespace, own]),
        skeleton: args.collection_skeleton.clone().or_else(|| context.skeletons[1].clone()),
        ignored: &context.ignored[1],
        variables,
    };
    new.make(args.force, context)
}

fn common(what: &str, context: &Context<'_>) -> Dict {
    let version: Vec<&str> = context.core.split('.').take(2).collect();
    let link = format!("https://docs.ansible.com/ansible-core/{}/plugins/plugins.html", version.join("."));
    let description = format!("your {what} description");
    [("description", description), ("ansible_plugin_list_dir", link)].into_iter().collect()
}

/// The path as messages show it: joined, not made complete.
fn shown(base: &str, parts: &[&str]) -> PathBuf {
    let base = base.strip_suffix('/').map_or_else(|| base.to_string(), String::from);
    PathBuf::from(format!("{base}/{}", parts.join("/")))
}

impl New<'_> {
    fn make(mut self, force: bool, context: &Context<'_>) -> Result<u8, Diagnostic> {
        let shown = self.path.display().to_string();
        if self.path.is_file() {
            return Err(failed(format!("- the path {shown} already exists, but is a file - aborting")));
        }
        if self.path.exists() {
            if !force {
                return Err(failed(format!(
                    "- the directory {shown} already exists. You can use --force to re-initialize this directory,\n\
                     however it will reset any main.yml files that may have\nbeen modified there already."
                )));
            }
            empty(&self.path)?;
        }
        self.variables.extend(&context.extra);
        // Errors name it as it was given.
        let as_given =
            |text: &str| if text.starts_with(['~', '$']) { resolve(text) } else { PathBuf::from(text) };
        match self.skeleton.as_deref().map(as_given) {
            Some(skeleton) => self.copied(&skeleton, context)?,
            None => self.built_in()?,
        }
        context.say.line(&format!("- {} {} was created successfully", self.what, self.name));
        Ok(0)
    }

    fn built_in(&self) -> Result<(), Diagnostic> {
        let (files, folders) = match self.name.split_once('.').filter(|_| self.what == "Collection") {
            Some((namespace, name)) => (skeleton::collection(namespace, name), skeleton::COLLECTION_FOLDERS),
            None => (skeleton::role(self.name), skeleton::ROLE_FOLDERS),
        };
        for folder in folders {
            let path = self.path.join(folder);
            fs::create_dir_all(&path).map_err(io(&path))?;
        }
        for (name, text) in files {
            let path = self.path.join(name);
            let above = path.parent().unwrap_or(&self.path);
            fs::create_dir_all(above).map_err(io(above))?;
            fs::write(&path, text).map_err(io(&path))?;
        }
        Ok(())
    }

    fn copied(&self, skeleton: &Path, context: &Context<'_>) -> Result<(), Diagnostic> {
        let (mut ignored, mut wrong) = (Vec::new(), String::new());
        for text in self.ignored {
            match Regex::new(&format!("^(?:{text})")) {
                Ok(regex) => ignored.push(regex),
                Err(error) => wrong.push_str(&format!("- {text}: {error}\n")),
            }
        }
        if !wrong.is_empty() {
            return Err(failed(format!(
                "Failed to compile regular expressions for skeleton ignore: \n{wrong}"
            )));
        }
        if !skeleton.exists() {
            return Err(failed(format!(
                "- the skeleton path '{}' does not exist, cannot init {}",
                self.skeleton.as_deref().unwrap_or_default(),
                self.what.to_lowercase()
            )));
        }
        fs::create_dir_all(&self.path).map_err(io(&self.path))?;
        let copy = Copy { new: self, context, ignored };
        copy.folder(skeleton, ".", &self.path)
    }
}

/// Take away what a folder holds, not the folder.
fn empty(folder: &Path) -> Result<(), Diagnostic> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        let outcome = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        outcome.map_err(io(&path))?;
    }
    Ok(())
}

/// A skeleton's files, copied or rendered.
struct Copy<'a> {
    new: &'a New<'a>,
    context: &'a Context<'a>,
    ignored: Vec<Regex>,
}

impl Copy<'_> {
    fn is_ignored(&self, name: &str) -> bool {
        self.ignored.iter().any(|regex| regex.is_match(name).unwrap_or(false))
    }

    /// `base` is the path from the skeleton's top.
    fn folder(&self, from: &Path, base: &str, to: &Path) -> Result<(), Diagnostic> {
        let parts: Vec<&str> = base.split('/').collect();
        let templates = if self.new.what == "Collection" {
            matches!(parts[0], "playbooks" | "roles") && parts.contains(&"templates")
        } else {
            parts[0] == "templates"
        };
        for entry in fs::read_dir(from).map_err(io(from))? {
            let path = entry.map_err(io(from))?.path();
            let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = if base == "." { own.clone() } else { format!("{base}/{own}") };
            let target = to.join(&own);
            let link = path.is_symlink();
            if path.is_dir() {
                if self.is_ignored(&own) {
                    continue;
                }
                if link {
                    self.copy(&path, &target)?;
                } else {
                    fs::create_dir_all(&target).map_err(io(&target))?;
                    self.folder(&path, &name, &target)?;
                }
                continue;
            }
            let as_known = if base == "." { format!("./{own}") } else { name };
            if self.is_ignored(&as_known) {
                continue;
            }
            match own.strip_suffix(".j2").filter(|_| !templates) {
                Some(plain) => self.render(&path, &to.join(plain))?,
                None => self.copy(&path, &target)?,
            }
        }
        Ok(())
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<(), Diagnostic> {
        if from.is_symlink() {
            let target = fs::read_link(from).map_err(io(from))?;
            return std::os::unix::fs::symlink(target, to).map_err(io(to));
        }
        let bytes = fs::read(from).map_err(io(from))?;
        fs::write(to, bytes).map_err(io(to))
    }

    fn render(&self, from: &Path, to: &Path) -> Result<(), Diagnostic> {
        let text = fs::read_to_string(from).map_err(io(from))?;
        let rendered = (self.context.render)(from, &text, &self.new.variables).map_err(|error| {
            let _removed = fs::remove_dir_all(&self.new.path);
            let text = format!(
                "Failed to create {} {}. Templating {} failed with the error: {}",
                self.new.what,
                self.new.name,
                from.display(),
                error.summary()
            );
            Diagnostic::new(text).apart().because(error.apart())
        })?;
        fs::write(to, rendered).map_err(io(to))
    }
}
