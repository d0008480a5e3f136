//! `role list`.

use std::path::Path;

use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

use super::there::{INSTALLED, META, folders, load};
use crate::{context::Context, options::RoleList};

pub(crate) fn run(args: &RoleList, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let mut warnings = Vec::new();
    let (mut usable, mut found) = (false, false);
    for folder in folders(&args.paths, context) {
        if !folder.is_dir() {
            warnings.push(format!("- the configured path {} does not exist.", folder.display()));
            continue;
        }
        usable = true;
        if let Some(name) = &args.role {
            let path = own_folder(&folder, name);
            if path.is_dir() {
                found = true;
                let above = path.parent().unwrap_or(&folder);
                context.say.line(&format!("# {}", above.display()));
                show(&path, name, context);
                break;
            }
            warnings.push(format!("- the role {name} was not found"));
            continue;
        }
        context.say.line(&format!("# {}", folder.display()));
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if metadata(&path).is_some_and(|meta| meta.truthy()) {
                show(&path, &entry.file_name().to_string_lossy(), context);
            }
        }
    }
    if !found {
        for warning in &warnings {
            context.say.warning(warning);
        }
    }
    if !usable {
        context.say.warning(
            "None of the provided paths were usable. Please specify a valid path with --roles-path.",
        );
    }
    Ok(0)
}

/// The role's folder; one of the same name in it when that holds the role.
fn own_folder(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    let inner = path.join(name);
    if META.iter().any(|meta| inner.join(meta).exists()) { inner } else { path }
}

fn metadata(path: &Path) -> Option<Value> {
    META.iter().map(|meta| path.join(meta)).find(|file| file.is_file()).and_then(|file| load(&file))
}

fn show(path: &Path, name: &str, context: &Context<'_>) {
    let info = load(&path.join(INSTALLED));
    let version = info.and_then(|info| info.get("version").filter(|version| version.truthy()).map(repr::str));
    context.say.line(&format!("- {name}, {}", version.unwrap_or_else(|| "(unknown version)".into())));
}
