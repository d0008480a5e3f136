//! `.retry` files: the hosts that a playbook left failed or unreached, for `--limit @FILE`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustible_protocol::event::{Callback, Event, Stats};

use crate::display::Display;

/// Writes `PLAYBOOK.retry` ahead of the recap.
pub struct Retry {
    /// Where files go; beside the playbook when there is none.
    folder: Option<PathBuf>,
    playbook: PathBuf,
    display: Display,
}

impl Retry {
    /// A callback that writes into that folder, or else beside the playbook.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, display: Display) -> Self {
        Self { folder, playbook: PathBuf::new(), display }
    }

    fn write(&self, stats: &Stats) {
        let left = stats.hosts.iter().filter(|(_, counts)| counts.failed + counts.unreachable > 0);
        let lines: String = left.map(|(host, _)| format!("{host}\n")).collect();
        if lines.is_empty() {
            return;
        }
        let beside = self.playbook.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = self.folder.clone().unwrap_or(beside);
        let stem = self.playbook.file_stem().unwrap_or_default().to_string_lossy();
        let file = folder.join(format!("{stem}.retry"));
        let written: io::Result<()> = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, lines));
        match written {
            Ok(()) => {
                self.display.line(&format!("\tto retry, use: --limit @{}\n", file.display()), None);
            }
            Err(error) => {
                let text = format!("Could not create retry file '{}'.\n\t{error}", file.display());
                self.display.warning(&text);
            }
        }
    }
}

impl Callback for Retry {
    fn on(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart(playbook) => {
                let file = PathBuf::from(&playbook.file);
                self.playbook = std::path::absolute(&file).unwrap_or(file);
            }
            Event::Stats(stats) => self.write(stats),
            _ => {}
        }
    }
}
