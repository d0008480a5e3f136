//! The ground that controller and agent share: values, argument specs, calls, frames, events.
//!
//! Nothing in here does I/O. Modules see this crate only through `rustible-sdk`.

pub mod call;
pub mod cancel;
pub mod coerce;
pub mod deprecated;
pub mod event;
pub mod frame;
pub mod hash;
pub mod json;
pub mod repr;
pub mod spec;
pub mod text;
pub mod validate;
pub mod value;
pub mod wire;

pub use call::{Attachment, Call, Foreign, Reply, Style};
pub use cancel::Cancel;
pub use spec::{CheckMode, Field, Kind, Rule, Spec};
pub use text::{Origin, Sort, Text};
pub use validate::{ArgError, validate};
pub use value::{Dict, List, Value};
pub use wire::Blob;
