//! Exit statuses, and errors for people on standard error.

use rustible_output::{Display, Sink};
use rustible_source::{Diagnostic, Kind};

/// Bad command line.
pub(crate) const USAGE: u8 = 2;
/// Interrupted from the keyboard.
pub(crate) const INTERRUPTED: u8 = 99;

/// The exit status of an error.
pub(crate) fn status(error: &Diagnostic) -> u8 {
    match error.kind {
        Kind::General => 1,
        Kind::Usage => USAGE,
        Kind::Parse => 4,
        Kind::Options => 5,
        Kind::Internal => 250,
    }
}

/// Show an error and give its status.
pub(crate) fn fail(display: &Display, error: &Diagnostic) -> u8 {
    display.error(Sink::Err, &error.render());
    status(error)
}
