//! The texts that were read, kept so that a message can show the lines around a position.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, RwLock},
};

/// Texts by the name under which they were opened. Process-wide, because a message may need any of them.
#[derive(Debug, Default)]
pub struct Files(RwLock<HashMap<Arc<str>, Arc<str>>>);

static FILES: LazyLock<Files> = LazyLock::new(Files::default);

impl Files {
    /// The process's texts.
    pub fn global() -> &'static Self {
        &FILES
    }

    /// Remember a text. A later one under the same name takes its place.
    pub fn add(&self, name: &Arc<str>, text: &Arc<str>) {
        if let Ok(mut files) = self.0.write() {
            files.insert(name.clone(), text.clone());
        }
    }

    /// The text that was read under that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<str>> {
        self.0.read().ok()?.get(name).cloned()
    }
}
