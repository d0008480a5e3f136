//! `tree`: each host's last result in a file of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustible_protocol::event::{Callback, Event, TaskResult};

use crate::{display::Display, result::dump, settings::Settings};

/// Writes `FOLDER/HOST`.
pub struct Tree {
    folder: PathBuf,
    settings: Settings,
    display: Display,
}

impl Tree {
    /// A callback that writes into that folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: &Path, verbosity: u8, display: Display) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let settings = Settings { verbosity, ..Settings::default() };
        Ok(Self { folder: folder.to_path_buf(), settings, display })
    }

    fn write(&self, result: &TaskResult) {
        let text = dump(&result.result, &self.settings);
        // A host's name may look like a path; its file stays in the folder.
        let name = result.host.replace('/', "_");
        let path = self.folder.join(if name.starts_with('.') { format!("_{name}") } else { name });
        if let Err(error) = fs::write(&path, text) {
            self.display.warning(&format!("Unable to write to {}'s file: {error}", result.host));
        }
    }
}

impl Callback for Tree {
    fn on(&mut self, event: &Event) {
        if let Event::Result(result) = event {
            self.write(result);
        }
    }
}
