//! `tree`: each host's last result in a file of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, TaskResult},
    json::{self, Style},
};

use crate::{display::Display, result::printable};

/// Writes `FOLDER/HOST`.
pub struct Tree {
    folder: PathBuf,
    display: Display,
}

impl Tree {
    /// A callback that writes into that folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: &Path, display: Display) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_path_buf(), display })
    }

    fn write(&self, result: &TaskResult) {
        let shown: Dict = printable(&result.result, 0);
        let text = json::write(&Value::Dict(shown), Style { sort_keys: true, ..Style::default() });
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
