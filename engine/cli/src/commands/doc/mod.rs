//! `ansible-doc`: what modules and plugins do and accept. Those of rustible tell it by their own interfaces, those in Python
//! by the documentation in their files.

mod fragments;
mod list;
mod marks;
mod markup;
mod native;
mod page;
mod read;
mod snippet;
mod source;
mod wrap;

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use rustible_executor::Registry;
use rustible_foreign::Tree;
use rustible_output::{Display, Sink};
use rustible_playbook::{Catalog, Found};
use rustible_plugins::Helper;
use rustible_protocol::{
    Dict, Spec, Value,
    json::{self, Style},
};
use rustible_source::{Diagnostic, Kind as Failure};

use self::{list::Listed, markup::Look, page::Page, read::Reader};
use crate::{
    args::{InventoryArgs, Play},
    config::Config,
    exit::fail,
    modules,
    setup::{self, redactor, screen},
};

/// Show what modules and plugins do and accept.
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Modules or plugins.
    names: Vec<String>,
    /// List all, or those of the collections named.
    #[arg(short, long)]
    list: bool,
    /// List files.
    #[arg(short = 'F', long = "list_files")]
    list_files: bool,
    /// As JSON.
    #[arg(short, long)]
    json: bool,
    /// A task to copy.
    #[arg(short, long)]
    snippet: bool,
    /// Kind of plugin.
    #[arg(short = 't', long = "type", default_value = "module")]
    kind: String,
    /// Folders with modules.
    #[arg(short = 'M', long = "module-path")]
    module_path: Vec<String>,
    /// The folder that stands for a playbook's.
    #[arg(long)]
    playbook_dir: Option<PathBuf>,
    /// More detail: the versions that things came with.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// Kinds of plugins that have documentation.
const KINDS: [&str; 15] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "filter",
    "httpapi",
    "inventory",
    "lookup",
    "module",
    "netconf",
    "shell",
    "strategy",
    "test",
    "vars",
];

/// What documentation is taken from.
struct Sources<'a> {
    registry: Registry,
    tree: Arc<Tree>,
    helper: Arc<Helper>,
    display: &'a Display,
}

pub(super) fn main(args: &[String]) -> u8 {
    if args.get(1).is_some_and(|word| word == "--version") {
        return super::version::main("ansible-doc");
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::load().unwrap_or_default(), &redactor(), None);
    match text(&args, &display) {
        Ok(text) if text.is_empty() => 0,
        Ok(text) => {
            display.raw(Sink::Out, &text);
            if !text.ends_with('\n') {
                display.raw(Sink::Out, "\n");
            }
            0
        }
        Err(error) => fail(&display, &error),
    }
}

fn text(args: &Args, display: &Display) -> Result<String, Diagnostic> {
    let refused = |text: String| Err(Diagnostic::new(text).of_kind(Failure::Options));
    let kind = args.kind.as_str();
    if !KINDS.contains(&kind) {
        return refused(format!("rustible documents modules and plugins, there is nothing of type '{kind}'"));
    }
    let inventory = InventoryArgs { verbose: args.verbose, ..InventoryArgs::default() };
    let mut play = Play { inventory, playbook_dir: args.playbook_dir.clone(), ..Play::default() };
    play.run.module_path.clone_from(&args.module_path);
    let config = Config::load()?;
    setup::announce(&play, &config, display)?;
    let crate::definitions::Plugins { tree, helper } = setup::plugins(&play, &config, display)?;
    if let Some(folder) = &args.playbook_dir {
        tree.meet(folder);
    }
    let registry = Registry::new(rustible_actions::actions(), modules::specs(), modules::elsewhere());
    let sources = Sources { registry, tree, helper, display };
    if args.list || args.list_files {
        return sources.list(args);
    }
    if args.names.is_empty() {
        return refused("Missing name(s), incorrect options passed for detailed documentation.".to_string());
    }
    let found = sources.find(args)?;
    if args.json {
        let all: Dict = found.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        return Ok(json::write(&Value::Dict(all), pretty()));
    }
    let look = Look { styled: !config.flag("NOCOLOR") };
    let columns = display.columns();
    if args.snippet {
        if kind != "module" {
            return refused(format!("rustible makes snippets of modules only, not of type '{kind}'"));
        }
        let tasks = found.iter().map(|(name, value)| snippet::of(name, value, look, columns));
        return Ok(tasks.collect());
    }
    let width = (columns - columns / 5).max(70);
    if let Some((name, _)) = found.iter().find(|(_, value)| !page::is_whole(value)) {
        let rule = Diagnostic::new("All (sub-)options and return values must have a 'description' field");
        return Err(rule.context(format!("Unable to retrieve documentation from '{name}'"), None));
    }
    let page = Page { look, width, verbose: args.verbose > 0 };
    Ok(found.iter().map(|(_, value)| page.of(kind, value)).collect())
}

fn pretty() -> Style {
    Style { indent: Some(4), sort_keys: true, ascii: true, ..Style::default() }
}

impl Sources<'_> {
    fn spec(&self, name: &str) -> Option<&Spec> {
        match self.registry.find(name, &[]) {
            Found::Known(full) => self.registry.spec(&full),
            _ => None,
        }
    }

    /// The documentation of what was named, in the form of `--json`.
    fn find(&self, args: &Args) -> Result<Vec<(String, Value)>, Diagnostic> {
        let mut found: Vec<(String, Value)> = Vec::new();
        let kind = args.kind.as_str();
        for name in &args.names {
            let spec = self.spec(name).filter(|_| kind == "module");
            // Of a short name the user's own module goes before ours.
            let own =
                read::find(&self.tree, kind, name).filter(|own| spec.is_none() || own.collection.is_empty());
            let described = match (own, spec) {
                (Some(own), _) => {
                    let warn = |text: &str| self.display.warning(text);
                    let reader = Reader { tree: &self.tree, helper: &self.helper, warn: &warn };
                    read::described(&reader, kind, &own).map_err(|error| {
                        let what = "Missing documentation (or could not parse documentation)";
                        Diagnostic::new(format!("{kind} {name} {what}")).because(error)
                    })?
                }
                (None, Some(spec)) => native::described(spec),
                (None, None) => {
                    // What is built in of plugins is documented by the reference's own files alone.
                    let bare = kind != "module" && self.tree.core_folder(kind).is_none();
                    let more = if bare { " (no ansible-core is installed here)" } else { "" };
                    self.display.warning(&format!("{name} was not found{more}"));
                    continue;
                }
            };
            found.push((name.clone(), described));
        }
        Ok(found)
    }

    fn list(&self, args: &Args) -> Result<String, Diagnostic> {
        for name in &args.names {
            if name.split('.').count() != 2 {
                return Err(Diagnostic::new(format!(
                    "Invalid collection name (must be of the form namespace.collection): {name}"
                )));
            }
            let ours = self.registry.names().iter().any(|known| known.starts_with(&format!("{name}.")));
            let core = matches!(name.as_str(), "ansible.builtin" | "ansible.legacy");
            if !ours && !core && self.tree.collection(name).is_none() {
                self.display.warning(&format!("unable to locate collection {name}"));
            }
        }
        let mut all = list::foreign(&self.tree, &args.kind, &args.names);
        if args.kind == "module" {
            let wanted = |name: &String| {
                args.names.is_empty()
                    || args.names.iter().any(|collection| name.starts_with(&format!("{collection}.")))
            };
            for name in self.registry.names().into_iter().filter(wanted) {
                if let Some(spec) = self.registry.spec(&name) {
                    all.insert(name, Listed { summary: spec.summary.to_string(), path: None });
                }
            }
        }
        if args.json {
            return Ok(json::write(&Value::Dict(list::json(&all, args.list_files)), pretty()));
        }
        Ok(list::shown(&all, self.display.columns(), args.list_files))
    }
}
