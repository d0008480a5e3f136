//! `ansible-galaxy`: what [`rustible_galaxy`] needs of the configuration, and somebody who says things.

mod servers;

use std::{path::Path, sync::Arc};

use rustible_galaxy::{
    Context, Say,
    options::{Area, CollectionAction, Options, RoleAction},
};
use rustible_output::{Color, Display, Redactor, Sink};
use rustible_protocol::{Dict, Origin, Text};
use rustible_source::Diagnostic;
use rustible_template::{Engine, Env, FileOptions, Templar};

use super::{play, version};
use crate::{
    config::Config,
    exit::fail,
    setup::{extra_vars, packages, redactor, screen},
};

pub(super) fn main(words: &[String]) -> u8 {
    if words.iter().any(|word| word == "--version") {
        return version::main("ansible-galaxy");
    }
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(error) => return play::usage(&error),
    };
    let early = screen(&Config::default(), &redactor(), None);
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => return fail(&early, &error),
    };
    let redactor = redactor();
    let display = screen(&config, &redactor, None);
    config.warnings.iter().for_each(|warning| display.warning(warning));
    match run(&options, &config, &display, &redactor) {
        Ok(status) => status,
        Err(error) => fail(&display, &error),
    }
}

/// Tells people, at the verbosity they asked for.
struct Teller<'a> {
    display: &'a Display,
    verbosity: u8,
}

impl Say for Teller<'_> {
    fn line(&self, text: &str) {
        self.display.line(text, None);
    }

    fn verbose(&self, level: u8, text: &str) {
        if self.verbosity >= level {
            self.display.line(text, Some(Color::Verbose));
        }
    }

    fn warning(&self, text: &str) {
        self.display.warning(&settled(text));
    }

    fn error(&self, text: &str) {
        self.display.error(Sink::Err, &settled(text));
    }
}

/// A text of several lines has an empty one behind it, and nothing else is at a text's end.
fn settled(text: &str) -> String {
    let text = text.trim_end();
    if text.contains('\n') { format!("{text}\n") } else { text.to_string() }
}

fn run(options: &Options, config: &Config, display: &Display, redactor: &Redactor) -> Result<u8, Diagnostic> {
    let configured = config.number("DEFAULT_VERBOSITY")?.and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
    let say = Teller { display, verbosity: options.verbose.max(configured) };
    say.verbose(2, &version::told("ansible-galaxy", config));
    say.verbose(
        1,
        &config.file.as_ref().map_or_else(
            || "No config file found; using defaults".to_string(),
            |file| format!("Using {} as config file", file.display()),
        ),
    );
    let mut context = Context {
        say: &say,
        collections: config.paths("COLLECTIONS_PATHS"),
        packages: if needs_packages(options) && config.flag("COLLECTIONS_SCAN_SYS_PATH") {
            packages()
        } else {
            Vec::new()
        },
        roles: config.paths("DEFAULT_ROLES_PATH"),
        servers: servers::all(options, config, redactor)?,
        ignore_certs: options.ignore_certs || config.flag("GALAXY_IGNORE_CERTS"),
        core: version::LANGUAGE.into(),
        any_core: config.text("COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH").as_deref() == Some("ignore"),
        warn_paths: config.flag("GALAXY_COLLECTIONS_PATH_WARNING"),
        skeletons: ["GALAXY_ROLE_SKELETON", "GALAXY_COLLECTION_SKELETON"].map(|name| path(config, name)),
        ignored: ["GALAXY_ROLE_SKELETON_IGNORE", "GALAXY_COLLECTION_SKELETON_IGNORE"]
            .map(|name| config.list(name)),
        keyring: path(config, "GALAXY_GPG_KEYRING").filter(|_| !config.flag("GALAXY_DISABLE_GPG_VERIFY")),
        render: &render,
        extra: extra_vars(given(options), config)?,
    };
    context.collections.dedup();
    rustible_galaxy::run(options, &context)
}

/// What only those ask for that look at what is installed: it takes a Python to find out.
fn needs_packages(options: &Options) -> bool {
    match &options.area {
        Area::Collection { action } => matches!(
            action,
            CollectionAction::Install(_) | CollectionAction::List(_) | CollectionAction::Verify(_)
        ),
        Area::Role { action } => matches!(action, RoleAction::Install(_)),
    }
}

/// `--extra-vars`.
fn given(options: &Options) -> &[String] {
    match &options.area {
        Area::Collection { action: CollectionAction::Init(init) } => &init.extra_vars,
        Area::Role { action: RoleAction::Init(init) } => &init.extra_vars,
        _ => &[],
    }
}

/// A setting with one path.
fn path(config: &Config, name: &str) -> Option<String> {
    config.paths(name).first().map(|path| path.display().to_string())
}

/// A file of a skeleton with its variables.
fn render(path: &Path, text: &str, variables: &Dict) -> Result<String, Diagnostic> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let place = Origin::new(&path.display().to_string().into(), 0, 0);
    let templar = Templar::new(Engine::new(), Env::default(), Arc::new(variables.clone()));
    let text = Text::trusted(text, Some(place));
    templar.template_file(&text, &FileOptions::default())
}
