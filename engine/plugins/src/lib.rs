//! Plugins in Python of the user's tree, of collections and of an installed ansible: run by one helper process that is
//! started when the first of them is used and never else.

mod base64;
mod cache;
mod callback;
mod helper;
mod sources;
mod template;
mod wire;

pub use base64::{decode as from_base64, encode as to_base64};
pub use cache::PythonCache;
pub use callback::PythonCallback;
pub use helper::{Answer, Answers, Failed, Helper, Message, Request, Say};
pub use template::{TemplatePlugins, answer, common};
