//! The programs that connections send to other machines.

use std::io;

use rustible_connection::Binaries;

include!(concat!(env!("OUT_DIR"), "/lean.rs"));

/// The lean agent when this program holds one, this program itself otherwise.
///
/// # Errors
/// When the running program's file cannot be found.
pub(crate) fn binaries() -> io::Result<Binaries> {
    match LEAN {
        Some(zstd) => Binaries::with_lean(zstd),
        None => Binaries::current(),
    }
}
