//! `ansible.builtin.setup`: what is known of a Linux host.

mod distribution;
pub(crate) mod hardware;
mod local;
mod more;
mod network;
pub(crate) mod platform;
mod services;
mod subset;
mod user_env;

use rustible_sdk::{host::glob::fnmatch, prelude::*};

/// Gather facts of the host.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Which facts: `all`, `min`, groups or single ones, `!` in front to leave out.
    #[arg(default = "all")]
    gather_subset: Vec<String>,
    /// Seconds a slow fact may take.
    #[arg(default = 10)]
    gather_timeout: i64,
    /// Return only facts whose names match one of these patterns.
    #[arg(default = "")]
    filter: Vec<String>,
    /// Folder of local facts.
    #[arg(default = "/etc/ansible/facts.d")]
    fact_path: PathBuf,
}

/// What facts are collected into, names without `ansible_`.
type Facts = Dict;
type Collector = fn(&Args, &mut Host, &mut Facts) -> Result<()>;

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let chosen = subset::chosen(&args.gather_subset)?;
    let mut facts = Facts::new();
    for collect in chosen {
        host.still_wanted()?;
        collect(&args, host, &mut facts)?;
    }
    let subset: Vec<Value> = args.gather_subset.iter().map(Value::from).collect();
    facts.insert("gather_subset", subset);
    let mut named = Dict::new();
    for (key, value) in &facts {
        let key = key.as_str().unwrap_or_default();
        let plain = key == "gather_subset" || key.starts_with("facter_") || key.starts_with("ohai_");
        let name = if plain { key.to_string() } else { format!("ansible_{key}") };
        if args.keeps(&name) {
            named.insert(name, value.clone());
        }
    }
    if args.keeps("module_setup") {
        named.insert("module_setup", true);
    }
    Ok(Outcome::facts(named).changed(false))
}

impl Args {
    fn keeps(&self, name: &str) -> bool {
        let mut patterns = self.filter.iter().filter(|p| !p.is_empty()).peekable();
        if patterns.peek().is_none() {
            return true;
        }
        let short = name.trim_start_matches("ansible_");
        patterns.any(|pattern| fnmatch(pattern, name) || fnmatch(pattern, short))
    }
}

/// The text of a file, empty when it cannot be read.
pub(crate) fn text(host: &Host, path: &str) -> String {
    host.read(path)
        .ok()
        .flatten()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
