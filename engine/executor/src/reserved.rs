//! Variables called like words of the language: allowed, with a warning that is shown once.

use std::{collections::HashSet, sync::Arc};

use rustible_inventory::Inventory;
use rustible_playbook::{Frame, FrameKind, reserved_in, reserved_names};
use rustible_protocol::Dict;

use crate::emitter::Emitter;

/// Warn of each variable in it that has a reserved name.
pub(crate) fn warn(emitter: &Emitter, vars: &Dict) {
    for warning in reserved_names(vars) {
        emitter.warn(warning.render());
    }
}

/// Warn of the variables that hosts have from the inventory, and of those of the command line.
pub(crate) fn warn_of_hosts(emitter: &Emitter, inventory: &Inventory, hosts: &[Arc<str>], extra: &Dict) {
    let mut told = HashSet::new();
    for host in hosts {
        let mut layers = inventory.layers(host);
        layers.push(extra.clone());
        for warning in reserved_in(&layers) {
            let text = warning.render();
            if told.insert(text.clone()) {
                emitter.warn(text);
            }
        }
    }
}

/// Warn of the variables of a task and of all that is around it, outermost first.
pub(crate) fn warn_around(emitter: &Emitter, frame: &Arc<Frame>) {
    let around: Vec<_> = frame.chain().filter(|f| f.kind != FrameKind::Play).collect();
    around.iter().rev().for_each(|around| warn(emitter, &around.vars));
}
