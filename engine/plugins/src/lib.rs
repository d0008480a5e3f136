//! Plugins in Python of the user's tree, of collections and of an installed ansible: run by one helper process that is
//! started when the first of them is used and never else.

mod helper;
mod sources;
mod template;
mod wire;

pub use helper::{Answer, Answers, Failed, Helper, Message, Request, Say};
pub use template::TemplatePlugins;
