//! Module tables of the collections as what an agent runs.

use std::{
    collections::HashMap,
    io::{self, Read},
};

use rustible_protocol::{Attachment, Call, Reply};
use rustible_sdk::{Attached, Entry, HostContext};

use crate::context::{Attachments, Context, Modules};

/// Modules by their full name.
pub struct Entries(HashMap<&'static str, Entry>);

impl Entries {
    /// The modules of these tables.
    #[must_use]
    pub fn new(tables: &[&'static [Entry]]) -> Self {
        let entries = tables.iter().flat_map(|table| table.iter());
        Self(entries.map(|entry| ((entry.spec)().name, *entry)).collect())
    }
}

impl Modules for Entries {
    fn run(&self, call: &Call, context: &Context) -> Option<Reply> {
        let entry = self.0.get(call.module.as_str())?;
        let host = HostContext {
            cancel: context.cancel.clone(),
            attachments: context.attachments.clone(),
            ..HostContext::default()
        };
        Some(rustible_sdk::call(entry, call, host))
    }
}

impl Attached for Attachments {
    fn find(&self, name: &str) -> Option<Attachment> {
        Self::find(self, name).cloned()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        Self::open(self, name)
    }
}
