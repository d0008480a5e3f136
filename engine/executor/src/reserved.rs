//! Variables called like words of the language: allowed, with a warning that is shown once.

use std::sync::Arc;

use rustible_playbook::{Frame, FrameKind, reserved_names};
use rustible_protocol::Dict;

use crate::emitter::Emitter;

/// Warn of each variable in it that has a reserved name.
pub(crate) fn warn(emitter: &Emitter, vars: &Dict) {
    for warning in reserved_names(vars) {
        emitter.warn(warning.render());
    }
}

/// Warn of the variables of a task and of all that is around it.
pub(crate) fn warn_around(emitter: &Emitter, frame: &Arc<Frame>) {
    for around in frame.chain().filter(|f| f.kind != FrameKind::Play) {
        warn(emitter, &around.vars);
    }
}
