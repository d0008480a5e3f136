//! Callbacks that go away with a later version of the language: said when they are used.

use rustible_output::Display;
use rustible_protocol::Origin;
use rustible_source::Diagnostic;

use crate::{
    args::Play,
    config::{self, Config},
};

/// The callbacks.
const OUTGOING: [&str; 2] = ["oneline", "tree"];

/// Tell of those in use; `printing` is the one that prints.
pub(super) fn tell(args: &Play, config: &Config, printing: &str, display: &Display) {
    if !config.flag("DEPRECATION_WARNINGS") {
        return;
    }
    let asked = args.adhoc.as_ref();
    if plain(printing) == "oneline" {
        let place = if asked.is_some_and(|adhoc| adhoc.one_line) {
            unknown(printing)
        } else {
            place(config, printing)
        };
        tell_of(printing, place, display);
    }
    let mut beside = config.list("CALLBACKS_ENABLED");
    if asked.is_some() && !config.flag("DEFAULT_LOAD_CALLBACK_PLUGINS") {
        beside.clear();
    }
    beside.extend(asked.filter(|adhoc| adhoc.tree.is_some()).map(|_| "tree".to_string()));
    for name in beside.iter().filter(|name| OUTGOING.contains(&plain(name))) {
        tell_of(name, unknown(name), display);
    }
}

fn plain(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").unwrap_or(name)
}

fn tell_of(name: &str, place: std::sync::Arc<Origin>, display: &Display) {
    let text = format!(
        "{name} has been deprecated. Use another callback plugin, or vendor and/or move the {name} callback to a collection. This feature will be removed from ansible-core version 2.23."
    );
    display.deprecated(&Diagnostic::new(text).at(Some(&place)).render());
}

/// A name that no setting gave.
fn unknown(name: &str) -> std::sync::Arc<Origin> {
    Origin::of_value("<unknown>", name)
}

/// Where the callback that prints was set.
fn place(config: &Config, name: &str) -> std::sync::Arc<Origin> {
    match (config.raw("DEFAULT_STDOUT_CALLBACK"), &config.file) {
        (Some((_, config::Origin::Environment)), _) => {
            Origin::of_value("<Config env: ANSIBLE_STDOUT_CALLBACK>", name)
        }
        (Some((_, config::Origin::File)), Some(file)) => {
            let place = format!("{} (section 'defaults' option 'stdout_callback')", file.display());
            Origin::new(&place.into(), 0, 0)
        }
        _ => unknown(name),
    }
}
