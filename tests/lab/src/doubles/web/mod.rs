//! The HTTP(S) ground under all doubles and the lab's internet: messages, listener, record, faults, files.

mod fault;
mod files;
mod forms;
mod message;
mod record;
mod serve;
mod watched;

pub use fault::{Fault, Faults, Kind, fits};
pub use files::{Files, media_type};
pub use forms::{decode, encode, pairs};
pub use message::{
    Answering, Body, Request, Response, Site, bytes, empty, file, full, json, reset_connection, text,
    with_header, with_reason,
};
pub(crate) use record::locked;
pub use record::{Entry, Note, Record};
pub use serve::{Served, Tls, serve};
pub use watched::Watched;
