//! The lab as it is broken and repaired.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::look::Look;
use super::super::secrets::Secrets;
use crate::machine::folder;
use crate::tree;

const SETTINGS: &str = "root/rustible/.env";

/// The lab with its settings as they were.
pub(super) struct Bench {
    pub(super) look: Look,
    env: String,
    ended: AtomicBool,
}

impl Bench {
    /// Remembers the settings. Errors when the controller has none.
    pub(super) fn new(look: Look) -> Result<Self> {
        let path = folder(&look.state, "controller").join("tree").join(SETTINGS);
        let env = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
        Ok(Self { look, env, ended: AtomicBool::default() })
    }

    /// A value of the settings as they were.
    pub(super) fn value(&self, name: &str) -> Result<String> {
        let mut lines = self.env.lines().filter_map(|line| line.split_once('='));
        let (_, value) =
            lines.find(|(known, _)| *known == name).with_context(|| format!("no {name} in .env"))?;
        Ok(value.split(" #").next().unwrap_or_default().trim().to_owned())
    }

    /// Writes the settings as they were, but for these; one without a value is left out. Errors when they cannot be written.
    pub(super) fn settings(&self, other: &[(&str, Option<String>)]) -> Result<()> {
        let mut text = String::new();
        for line in self.env.lines() {
            let name = line.split_once('=').map(|(name, _)| name);
            if !other.iter().any(|(known, _)| Some(*known) == name) {
                text += &format!("{line}\n");
            }
        }
        for (name, value) in other {
            if let Some(value) = value {
                text += &format!("{name}={value}\n");
            }
        }
        tree::write(&folder(&self.look.state, "controller").join("tree"), SETTINGS, 0o600, &text)?;
        self.ended.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// The secrets of the lab, and those of the settings as they are now.
    pub(super) fn secrets(&self) -> Result<[Secrets; 2]> {
        Ok([Secrets::of(&self.look)?, Secrets::of_settings(&self.look.state)?])
    }

    /// Breaks something as soon as a text stands in the log. Errors when the run ends before.
    pub(super) fn when_printed(
        &self,
        log: &Path,
        text: &str,
        break_it: fn(&Self) -> Result<()>,
    ) -> Result<()> {
        loop {
            let over = self.ended.load(Ordering::SeqCst);
            if fs::read_to_string(log).is_ok_and(|seen| seen.contains(text)) {
                return break_it(self).context("cannot break it");
            }
            anyhow::ensure!(!over, "the run ended without {text:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says that the broken run is over.
    pub(super) fn ended(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}
