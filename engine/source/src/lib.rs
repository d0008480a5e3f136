//! Source files and how problems in them are shown: the file, the lines, the place, in the reference's form.

mod diagnostic;
mod files;
mod nearest;
mod path;

pub use diagnostic::{Diagnostic, Kind};
pub use files::Files;
pub use nearest::nearest;
pub use path::normal;
