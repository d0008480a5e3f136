//! `collection install`.

use std::{fs, path::Path};

use rustible_protocol::Value;
use rustible_source::Diagnostic;
use rustible_yaml::emit::{Options, to_yaml};

use super::{
    artifacts::Artifacts,
    build::build_folder,
    installed::find,
    requirement::{Kind, Wanted, below, of_fields},
    resolve::{Rules, resolve},
    unpack::unpack,
};
use crate::{
    archive::write,
    context::{Context, failed},
    options::CollectionInstall,
    paths::{complete, io, resolve as resolve_path, with_collections},
    requirements::{one_of, two_types},
    version::meets,
};

/// How to install.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    pub(crate) ignore_errors: bool,
    pub(crate) force: bool,
    pub(crate) force_with_deps: bool,
    pub(crate) disable_gpg_verify: bool,
    pub(crate) rules: Rules,
}

pub(crate) fn run(args: &CollectionInstall, context: &Context<'_>) -> Result<u8, Diagnostic> {
    context.without_signatures(&args.signatures)?;
    let artifacts = Artifacts::new(context)?;
    let asked = one_of(&args.collections, args.requirements_file.as_deref(), &artifacts)?;
    if !asked.roles.is_empty() {
        context.say.verbose(3, &two_types(args.requirements_file.as_deref().unwrap_or_default(), "role"));
    }
    if asked.collections.is_empty() {
        context.say.line("Skipping install, no requirements found");
        return Ok(0);
    }
    let path = match &args.collections_path {
        Some(path) => resolve_path(path),
        None => context.collections.first().cloned().unwrap_or_default(),
    };
    let how = How {
        ignore_errors: args.ignore_errors,
        force: args.force,
        force_with_deps: args.force_with_deps,
        disable_gpg_verify: args.disable_gpg_verify,
        rules: Rules { no_deps: args.no_deps, pre: args.pre, upgrade: args.upgrade, offline: args.offline },
    };
    install(&asked.collections, &path, how, &artifacts)?;
    Ok(0)
}

/// Install collections and what they need.
pub(crate) fn install(
    asked: &[Wanted],
    path: &Path,
    how: How,
    artifacts: &Artifacts<'_>,
) -> Result<(), Diagnostic> {
    let context = artifacts.context;
    let say = context.say;
    say.line("Starting galaxy collection install process");
    warn_of_path(path, context);
    let output = with_collections(path);
    fs::create_dir_all(&output).map_err(io(&output))?;

    let mut roots = vec![output.clone()];
    roots.extend(context.collections.iter().chain(&context.packages).cloned());
    let there = find(&roots, None, false, context);
    let mut direct = Vec::new();
    for wanted in asked {
        if wanted.kind != Kind::Subdirs {
            direct.push(wanted.clone());
            continue;
        }
        for folder in below(wanted.source.as_deref().unwrap_or_default()) {
            let fields = [("name", folder.display().to_string())].into_iter().collect();
            direct.push(of_fields(&fields, None, artifacts)?);
        }
    }
    let satisfied = |wanted: &Wanted| {
        there.iter().any(|one| {
            wanted.name.as_ref() == Some(&one.name) && meets(&one.version, &wanted.version) == Ok(true)
        })
    };
    let again = how.force || how.force_with_deps;
    if !how.rules.upgrade && !again && direct.iter().all(satisfied) {
        say.line(
            "Nothing to do. All requested collections are already installed. If you want to reinstall them, consider \
             using `--force`.",
        );
        return Ok(());
    }
    let named = |name: &str| direct.iter().any(|wanted| wanted.name.as_deref() == Some(name));
    let preferred: Vec<Wanted> = there
        .iter()
        .filter(|one| !(how.force_with_deps || how.force && named(&one.name)))
        .map(super::installed::Installed::wanted)
        .collect();
    say.line("Process install dependency map");
    let chosen = resolve(asked, &preferred, how.rules, artifacts)?;
    say.line("Starting collection install process");
    for one in &chosen {
        if one.kind.is_virtual() {
            say.verbose(4, &format!("Encountered {}, skipping.", one.shown()));
            continue;
        }
        if preferred.contains(one) {
            say.line(&format!("'{}' is already installed, skipping.", one.shown()));
            continue;
        }
        if let Err(error) = put(one, &output, how, artifacts) {
            if !how.ignore_errors {
                return Err(error);
            }
            say.warning(&format!(
                "Failed to install collection {} but skipping due to --ignore-errors being set. Error: {}",
                one.shown(),
                error.summary()
            ));
        }
    }
    Ok(())
}

fn warn_of_path(path: &Path, context: &Context<'_>) {
    let starts = |roots: &[std::path::PathBuf]| {
        roots
            .iter()
            .any(|root| with_collections(root).display().to_string().starts_with(&path.display().to_string()))
    };
    if !context.warn_paths || starts(&context.collections) {
        return;
    }
    let shown = path.display();
    if starts(&context.packages) {
        context.say.warning(&format!(
            "The specified collections path '{shown}' appears to be part of the pip Ansible package. Managing these \
             directly with ansible-galaxy could break the Ansible package. Install collections to a configured \
             collections path, which will take precedence over collections found in the PYTHONPATH."
        ));
        return;
    }
    let configured: Vec<String> = context.collections.iter().map(|root| root.display().to_string()).collect();
    context.say.warning(&format!(
        "The specified collections path '{shown}' is not part of the configured Ansible collections paths '{}'. The \
         installed collection will not be picked up in an Ansible run, unless within a playbook-adjacent collections \
         directory.",
        configured.join(":")
    ));
}

/// Install one collection.
fn put(one: &Wanted, output: &Path, how: How, artifacts: &Artifacts<'_>) -> Result<(), Diagnostic> {
    let say = artifacts.context.say;
    let name = one.name.as_deref().unwrap_or_default();
    let Some((namespace, own)) = name.split_once('.').filter(|_| crate::paths::is_collection_name(name))
    else {
        return Err(crate::paths::not_a_name(name));
    };
    if one.kind == Kind::Galaxy && !how.disable_gpg_verify && artifacts.api.is_signed(one)? {
        say.warning(
            "The GnuPG keyring used for collection signature verification was not configured but signatures were \
             provided by the Galaxy server to verify authenticity. Configure a keyring for ansible-galaxy to use or \
             disable signature verification. Skipping signature verification.",
        );
    }
    let source = artifacts.path(one)?;
    let folder = output.join(namespace).join(own);
    say.line(&format!("Installing '{}' to '{}'", one.shown(), folder.display()));
    if folder.is_symlink() {
        return Err(failed(format!("'{}' is a symbolic link, which is not replaced", folder.display())));
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(io(&folder))?;
    }
    if one.kind == Kind::Dir {
        let mut meta = artifacts.meta(one)?;
        if !meta.0.contains_key("build_ignore") {
            meta.0.insert("build_ignore", Value::list());
        }
        build_folder(&source, &folder, &meta, artifacts.context)?;
        say.line(&format!("Created collection for {} at {}", one.shown(), folder.display()));
    } else {
        unpack(&artifacts.entries(&source)?, &complete(&source), &folder)?;
        forget(name, output);
        if let Some(origin) = artifacts.origin(one) {
            let info = output.join(format!("{name}-{}.info", one.version));
            fs::create_dir_all(&info).map_err(io(&info))?;
            let options = Options { default_flow_style: Some(false), ..Options::default() };
            write(&info.join("GALAXY.yml"), to_yaml(&Value::Dict(origin), &options)?.as_bytes(), 0o644)?;
        }
    }
    say.line(&format!("{} was installed successfully", one.shown()));
    Ok(())
}

/// Take away what earlier installations noted of their origin.
fn forget(name: &str, output: &Path) {
    for entry in fs::read_dir(output).into_iter().flatten().flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.starts_with(&format!("{name}-")) && file.ends_with(".info") {
            let _removed = fs::remove_dir_all(entry.path());
        }
    }
}
