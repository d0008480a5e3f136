//! From command line and configuration to a run that is ready.

mod ask;
mod extensions;
mod extra;
mod facts;
mod files;
mod foreign;
mod hosts;
mod keys;
mod options;
mod outer;
mod outgoing;
mod passwords;
mod rejected;
mod runner;
mod screen;
mod unset;
mod vault;

use std::{
    env,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_connection::Pool;
use rustible_executor::{Registry, Runner, Setup};
use rustible_inventory::{Inventory, Stage};
use rustible_output::{Artifacts, Color, Display, Redactor};
use rustible_plugins::TemplatePlugins;
use rustible_protocol::{Dict, event::Callback};
use rustible_source::Diagnostic;
use rustible_template::{Decrypt, Deprecate, Deprecation, Env};
use rustible_vault::Secrets;
use rustible_yaml::DuplicateKeys;

use passwords::Passwords;

use crate::{
    args::{InventoryArgs, OwnArgs, Play, VaultArgs},
    config::{Config, deprecated, dotenv, support},
    definitions::{self, Settings},
    embedded,
    exit::fail,
    modules,
};

pub(crate) use ask::{answered, line as ask_line, password as ask_password};
pub(crate) use hosts::{Reading, inventory};
pub(crate) use screen::{announce, screen};
pub(crate) use vault::{add as add_secrets, secrets};

/// Set while the program runs itself again with the variables of `.env`.
const LOADED: &str = "RUSTIBLE_ENV_LOADED";

/// Load `.env` (beside the playbook, else in the current folder) by running this program again with its variables: so
/// lookups, agents and programs on this machine see them alike.
pub(crate) fn load_environment(own: &OwnArgs, playbook: Option<&Path>) -> Result<(), Diagnostic> {
    if own.no_env_file || env::var_os(LOADED).is_some() {
        return Ok(());
    }
    let named = match env::var_os("RUSTIBLE_ENV_FILE") {
        Some(file) if own.env_file.is_empty() => vec![PathBuf::from(file)],
        _ => own.env_file.clone(),
    };
    let (files, required) = if named.is_empty() {
        let beside = playbook.and_then(Path::parent).map(|folder| folder.join(".env"));
        let found = [Some(PathBuf::from(".env")), beside].into_iter().flatten().find(|file| file.is_file());
        (found.into_iter().collect(), false)
    } else {
        (named, true)
    };
    let variables = dotenv::load(&files, required)?;
    if variables.is_empty() {
        return Ok(());
    }
    let program =
        env::current_exe().map_err(|error| Diagnostic::new(format!("cannot find this program: {error}")))?;
    let mut arguments = env::args_os();
    let mut command = std::process::Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).envs(variables).env(LOADED, "1").exec();
    Err(Diagnostic::new(format!(
        "cannot run this program with the variables of the environment file: {error}"
    )))
}

/// The environment and the settings of a command; its end where they cannot be had, which is told then.
pub(crate) fn begin(own: &OwnArgs, playbook: Option<&Path>) -> Result<(Config, Redactor), u8> {
    let redactor = redactor();
    match load_environment(own, playbook).and_then(|()| Config::load()) {
        Ok(config) => Ok((config, redactor)),
        Err(error) => Err(fail(&screen(&Config::default(), &redactor, None), &error)),
    }
}

/// The secrets among the environment's variables, for the last net.
pub(crate) fn redactor() -> Redactor {
    let redactor = Redactor::default();
    for (name, value) in env::vars() {
        // A key's path is no secret, its text is.
        let path = value.starts_with(['/', '~']) && !value.contains('\n');
        if dotenv::is_secret(&name) && !path && !value.starts_with("ssh-") {
            redactor.add(&value);
        }
    }
    redactor
}

/// Opens `!vault` values.
struct Vaults(Arc<Secrets>);

impl Decrypt for Vaults {
    fn decrypt(&self, envelope: &str) -> Result<String, String> {
        let plain = self.0.decrypt(envelope.trim().as_bytes()).map_err(|error| error.to_string())?;
        String::from_utf8(plain).map_err(|_| "the decrypted value is not UTF-8 text".to_string())
    }
}

/// Decrypts whole files.
pub(crate) fn file_vault(secrets: &Arc<Secrets>) -> Arc<rustible_executor::FileVault> {
    let secrets = secrets.clone();
    Arc::new(move |path: &Path, bytes: Vec<u8>| {
        if !rustible_vault::is_encrypted(&bytes) {
            return Ok(bytes);
        }
        secrets.decrypt(&bytes).map_err(|error| {
            let place = rustible_protocol::Origin::new(&path.display().to_string().into(), 0, 0);
            Diagnostic::new(error.to_string()).at(Some(&place))
        })
    })
}

/// Variables that the command line gives to a command without a run.
pub(crate) fn extra_vars(given: &[String], config: &Config) -> Result<Dict, Diagnostic> {
    let secrets = Arc::new(vault::secrets(&VaultArgs::default(), config)?);
    extra::vars(given, &file_vault(&secrets), merges(config))
}

/// Folders of Python packages with collections: those that Python is told of, and those of the one that has an
/// ansible-core.
pub(crate) fn packages() -> Vec<PathBuf> {
    let told = env::var_os("PYTHONPATH").unwrap_or_default();
    let told = env::split_paths(&told).filter(|folder| folder.join("ansible_collections").is_dir());
    let mut folders: Vec<PathBuf> = Vec::new();
    let installed = rustible_foreign::Tree::new(rustible_foreign::Places::default()).package_roots();
    for folder in told.chain(installed) {
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// Inventory sources: those given, else the configured ones.
pub(crate) fn sources(args: &InventoryArgs, config: &Config) -> Vec<String> {
    if !args.inventory.is_empty() {
        return args.inventory.clone();
    }
    let configured = config.text("DEFAULT_HOST_LIST").unwrap_or_default();
    let hosts = configured.split(',').all(|part| !Path::new(part.trim()).is_file());
    if configured.contains(',') && !configured.contains('/') && hosts {
        return vec![configured];
    }
    let paths: Vec<String> =
        config.paths("DEFAULT_HOST_LIST").iter().map(|path| path.display().to_string()).collect();
    if !paths.is_empty() {
        return paths;
    }
    ["inventory", "/etc/ansible/hosts"]
        .into_iter()
        .filter(|p| Path::new(p).exists())
        .take(1)
        .map(str::to_string)
        .collect()
}

/// Say what there is to say of the inventory.
pub(crate) fn tell(inventory: &mut Inventory, config: &Config, display: &Display) {
    for warning in inventory.take_warnings() {
        display.warning(&warning.render());
    }
    let deprecations = inventory.take_deprecations();
    if config.flag("DEPRECATION_WARNINGS") {
        deprecations.iter().for_each(|deprecation| display.deprecated(&deprecation.render()));
    }
}

/// `hash_behaviour` is `merge`: mappings of several layers are one.
fn merges(config: &Config) -> bool {
    config.text("DEFAULT_HASH_BEHAVIOUR").as_deref() == Some("merge")
}

/// What keys given twice are; the setting's own check has refused other words.
fn duplicate_keys(config: &Config) -> DuplicateKeys {
    match config.text("DUPLICATE_YAML_DICT_KEY").as_deref() {
        Some("error") => DuplicateKeys::Error,
        Some("ignore") => DuplicateKeys::Ignore,
        _ => DuplicateKeys::Warn,
    }
}

/// Said when `--limit` or a pattern leaves nothing.
pub(crate) const NO_HOSTS_LEFT: &str =
    "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";

/// Whether there are hosts at all, and any left by the limit.
fn targets(args: &Play, config: &Config, inventory: &Inventory, display: &Display) -> Result<(), Diagnostic> {
    let pattern = args.adhoc.as_ref().map(|adhoc| adhoc.pattern.as_str());
    let empty = inventory.host_names().is_empty();
    if empty
        && config.flag("LOCALHOST_WARNING")
        && !pattern.is_some_and(|p| matches!(p, "localhost" | "127.0.0.1" | "::1"))
    {
        display.warning(
            "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not match 'all'",
        );
    }
    if let Some(limit) = args.inventory.limit.as_ref().filter(|_| !empty) {
        let left = inventory.select_list(&["all".to_string()])?;
        let local = inventory.select_list(std::slice::from_ref(limit)).map(|s| s.hosts).unwrap_or_default();
        if left.hosts.is_empty() && local.is_empty() {
            for warning in left.warnings {
                display.warning(&warning.render());
            }
            return Err(Diagnostic::new(NO_HOSTS_LEFT));
        }
    }
    Ok(())
}

/// Who is told of the run.
fn callbacks(
    args: &Play,
    config: &Config,
    display: &Display,
    artifacts: Option<&Artifacts>,
    (redactor, python): (&Redactor, &foreign::Python),
) -> Result<Vec<Box<dyn Callback>>, Diagnostic> {
    let configured = config.text("DEFAULT_STDOUT_CALLBACK").unwrap_or_else(|| "default".into());
    let for_runner = configured == runner::NAME;
    let name = match &args.adhoc {
        Some(adhoc) if adhoc.one_line => "oneline".to_string(),
        Some(_) if for_runner => runner::original("minimal"),
        Some(_) if !config.flag("DEFAULT_LOAD_CALLBACK_PLUGINS") || configured == "default" => {
            "minimal".to_string()
        }
        None if for_runner => runner::original("default"),
        _ => configured,
    };
    let settings = screen::settings(args, config, display)?;
    let verbosity = settings.verbosity;
    outgoing::tell(args, config, &name, display);
    if verbosity > 1 {
        for other in ["default", "minimal", "oneline"].iter().filter(|other| **other != name) {
            let text = format!("Skipping callback '{other}', as we already have a stdout callback.");
            display.line(&text, Some(rustible_output::Color::Verbose));
        }
    }
    let mut printing = match rustible_output::callback(&name, settings, display.clone()) {
        Ok(printing) => printing,
        Err(error) if !python.has_callback(&name) => return Err(error),
        Err(error) => python.callback(&name, true)?.ok_or(error)?,
    };
    if for_runner {
        printing = runner::around(printing, display, redactor)?;
    }
    let retry = files::retry(config, display).filter(|_| args.adhoc.is_none());
    let mut callbacks: Vec<_> = retry.into_iter().chain([printing]).collect();
    if let Some(folder) = args.adhoc.as_ref().and_then(|adhoc| adhoc.tree.as_ref()) {
        let tree = rustible_output::Tree::new(folder, verbosity, display.clone()).map_err(|error| {
            Diagnostic::new(format!("cannot write results to {}: {error}", folder.display()))
        })?;
        callbacks.push(Box::new(tree));
    }
    if args.adhoc.is_none() || config.flag("DEFAULT_LOAD_CALLBACK_PLUGINS") {
        let files = files::settings(config, verbosity);
        for name in config.list("CALLBACKS_ENABLED") {
            match rustible_output::beside(&name, &files, display) {
                Ok(callback) => callbacks.extend(callback),
                Err(_) if !python.has_callback(&name) => {
                    display.warning(&format!("Skipping callback plugin '{name}', unable to load"));
                }
                Err(_) => callbacks.extend(python.callback(&name, true)?),
            }
        }
        let mut known = config.list("CALLBACKS_ENABLED");
        known.extend([name, runner::NAME.to_string()]);
        callbacks.extend(python.callbacks_beside(&known));
    }
    if let Some(artifacts) = artifacts {
        callbacks.push(Box::new(artifacts.clone()));
    }
    Ok(callbacks)
}

/// A run that is ready.
pub(crate) struct Ready {
    pub(crate) runner: Arc<Runner>,
}

/// Actions, modules, and where those come from that are not rustible's own.
fn registry(
    args: &Play,
    config: &Config,
    rejected: std::collections::HashSet<String>,
) -> Result<Registry, Diagnostic> {
    let registry = Registry::new(rustible_actions::actions(), modules::specs(), modules::elsewhere())
        .prepared_by(rustible_actions::preparations())
        .without(rejected)
        .with_foreign(foreign::tree(args, config), foreign::preferred()?);
    for file in &args.playbooks {
        let folder = file.parent().filter(|folder| *folder != Path::new(""));
        registry.foreign().meet(folder.unwrap_or(Path::new(".")));
    }
    if let Some(folder) = &args.playbook_dir {
        registry.foreign().meet(folder);
    }
    Ok(registry)
}

/// The file of a playbook that is named as one of a collection.
pub(crate) fn collection_playbook(args: &Play, config: &Config, name: &str) -> Option<PathBuf> {
    let tree = foreign::tree(args, config);
    let registry = Registry::default().with_foreign(tree, false);
    rustible_playbook::collection_playbook(&registry, name)
}

/// How the inventory of a run is read.
fn reading(
    args: &InventoryArgs,
    config: &Config,
    secrets: &Arc<Secrets>,
    python: &foreign::Python,
    extra_vars: Dict,
) -> Reading {
    Reading {
        sources: sources(args, config),
        config: config.clone(),
        secrets: secrets.clone(),
        tree: python.tree.clone(),
        helper: python.helper.clone(),
        extra_vars,
        cache: true,
        stage: Stage::Task,
        play_in_groups: true,
    }
}

/// How an inventory is read that is only shown.
pub(crate) fn to_show(
    args: &InventoryArgs,
    config: &Config,
    secrets: Arc<Secrets>,
    folder: Option<&Path>,
    display: &Display,
) -> Result<Reading, Diagnostic> {
    let play =
        Play { inventory: args.clone(), playbook_dir: folder.map(Path::to_path_buf), ..Play::default() };
    let registry = registry(&play, config, std::collections::HashSet::new())?;
    let settings = screen::settings(&play, config, display)?;
    let python = foreign::python(registry.foreign(), settings, display);
    let extra_vars = extra::vars(&args.extra_vars, &file_vault(&secrets), merges(config))?;
    Ok(Reading {
        stage: Stage::All,
        play_in_groups: folder.is_some(),
        ..reading(args, config, &secrets, &python, extra_vars)
    })
}

/// Where plugins are found, for those who want to know of their options.
pub(crate) fn plugins(
    args: &Play,
    config: &Config,
    display: &Display,
) -> Result<definitions::Plugins, Diagnostic> {
    let tree = Arc::new(foreign::tree(args, config));
    tree.meet(Path::new("."));
    let python = foreign::python(&tree, screen::settings(args, config, display)?, display);
    Ok(definitions::Plugins { tree: python.tree, helper: python.helper })
}

/// What templates may use.
fn template_env(
    args: &Play,
    config: &Config,
    python: &foreign::Python,
    secrets: &Arc<Secrets>,
    display: &Display,
) -> Result<Env, Diagnostic> {
    let (warnings, deprecations) = (display.clone(), display.clone());
    let here = env::current_dir().unwrap_or_default();
    let plugins = definitions::Plugins { tree: python.tree.clone(), helper: python.helper.clone() };
    Ok(Env {
        plugins: Some(TemplatePlugins::new(python.tree.clone(), python.helper.clone(), here)),
        vault: Some(Arc::new(Vaults(secrets.clone()))),
        broken_conditionals: config.flag("ALLOW_BROKEN_CONDITIONALS"),
        tags: extensions::tags(config)?,
        config: Some(Arc::new(Settings::new(config, plugins, &args.connection))),
        warn: Some(Arc::new(move |warning: &Diagnostic| warnings.warning(&warning.render()))),
        deprecate: config.flag("DEPRECATION_WARNINGS").then(|| {
            Arc::new(move |note: &Deprecation| {
                if !note.again {
                    deprecations.deprecated(&note.render());
                }
            }) as Deprecate
        }),
        ..Env::default()
    })
}

/// Make the run.
pub(crate) fn run(
    args: &Play,
    config: &Config,
    display: Display,
    artifacts: Option<Artifacts>,
    redactor: &Redactor,
) -> Result<Ready, Diagnostic> {
    screen::keep(config, &display)?;
    screen::announce(args, config, &display)?;
    for warning in support::check(config)? {
        display.warning(&warning);
    }
    deprecated::notes(config).for_each(|note| display.deprecated(&note));
    let rejected = rejected::modules(config, &display)?;
    let passwords = Passwords::of(args, config)?;
    let secrets = Arc::new(vault::secrets(&args.vault, config)?);
    let vault = file_vault(&secrets);
    // What is wrong with them is told after what is wrong with the inventory.
    let extra = extra::vars(&args.inventory.extra_vars, &vault, merges(config));
    let registry = registry(args, config, rejected)?;
    let python = foreign::python(registry.foreign(), screen::settings(args, config, &display)?, &display);
    let reading = Reading {
        cache: !args.flush_cache,
        ..reading(&args.inventory, config, &secrets, &python, extra.clone().unwrap_or_default())
    };
    let mut inventory = inventory(&reading, &display)?;
    if screen::verbosity(args, config)? > 2 {
        inventory.take_notes().iter().for_each(|note| display.line(note, Some(Color::Verbose)));
    }
    inventory.set_limit(args.inventory.limit.as_deref())?;
    tell(&mut inventory, config, &display);
    let extra = extra?;
    let fact_cache = facts::cache(config, &python, &display)?;
    targets(args, config, &inventory, &display)?;
    for line in hosts::unknown_layers(config) {
        display.warning(&line);
    }
    for line in unset::variables(&inventory, &|name| env::var_os(name).is_some()) {
        display.warning(&line);
    }
    let options = options::options(args, config, &reading.sources, extra, (passwords, redactor))?;
    let template_env = template_env(args, config, &python, &secrets, &display)?;
    let binaries = embedded::binaries()
        .map_err(|error| Diagnostic::new(format!("cannot find this program: {error}")))?;
    let callbacks = callbacks(args, config, &display, artifacts.as_ref(), (redactor, &python))?;
    let refresh = {
        let (reading, limit) = (Reading { cache: false, ..reading }, args.inventory.limit.clone());
        let display = display.clone();
        Box::new(move || {
            let mut fresh = self::inventory(&reading, &display)?;
            fresh.set_limit(limit.as_deref())?;
            Ok(fresh)
        })
    };
    let runner = Runner::new(Setup {
        options,
        registry,
        inventory,
        refresh,
        vault,
        env: template_env,
        helper: Some(python.helper),
        pool: Pool::new(binaries),
        callbacks,
        asker: Box::new(ask::Terminal(display.clone())),
        fact_cache,
    });
    if args.flush_cache {
        runner.flush_facts();
    }
    Ok(Ready { runner })
}
