//! Lists of hosts as templates see them.

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use rustible_protocol::Value;

/// Hosts of a play or a batch, in order. Copies share them, and the list of names that templates see is made once,
/// however many hosts ask for it.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Arc<(Vec<Arc<str>>, OnceLock<Value>)>);

impl From<Vec<Arc<str>>> for Hosts {
    fn from(hosts: Vec<Arc<str>>) -> Self {
        Self(Arc::new((hosts, OnceLock::new())))
    }
}

impl Deref for Hosts {
    type Target = [Arc<str>];

    fn deref(&self) -> &[Arc<str>] {
        &self.0.0
    }
}

impl Hosts {
    /// The names of all of them.
    pub(crate) fn names(&self) -> Value {
        self.0.1.get_or_init(|| shown(self.iter())).clone()
    }

    /// The names of those that are not among these.
    pub(crate) fn names_without(&self, removed: &HashSet<Arc<str>>) -> Value {
        match removed.is_empty() {
            true => self.names(),
            false => shown(self.iter().filter(|host| !removed.contains(*host))),
        }
    }
}

fn shown<'a>(hosts: impl Iterator<Item = &'a Arc<str>>) -> Value {
    hosts.map(|host| Value::str(host.clone())).collect::<Vec<_>>().into()
}
