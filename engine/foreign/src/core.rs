//! An ansible-core that is installed on the controller: modules that are not native come from it, and what modules
//! import.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// An installed ansible-core.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    /// The folder of its Python package.
    pub(crate) package: PathBuf,
    /// The Python that it is installed for.
    pub(crate) python: PathBuf,
    /// Its version.
    pub(crate) version: String,
    /// Folders with `ansible_collections` that its Python knows.
    pub(crate) collections: Vec<PathBuf>,
}

/// Names a package's folder without importing it, then every folder of the search path with collections.
const QUESTION: &str = "
import importlib.util, os, sys
spec = importlib.util.find_spec('ansible')
for place in (spec and spec.submodule_search_locations) or ():
    print(place)
    break
else:
    sys.exit(3)
for place in sys.path:
    if os.path.isdir(os.path.join(place, 'ansible_collections')):
        print(place)
";

impl Core {
    /// The first that is found: by the Python that `RUSTIBLE_PYTHON` names, else by those on the path.
    pub(crate) fn find() -> Option<Self> {
        match std::env::var_os("RUSTIBLE_PYTHON") {
            Some(python) if !python.is_empty() => Self::of(Path::new(&python)),
            _ => ["python3", "python"]
                .iter()
                .map(PathBuf::from)
                .chain(of_command())
                .find_map(|python| Self::of(&python)),
        }
    }

    fn of(python: &Path) -> Option<Self> {
        let mut command = Command::new(python);
        command.args(["-c", QUESTION]).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines().map(PathBuf::from);
        let package = lines.next()?;
        let release = std::fs::read_to_string(package.join("release.py")).ok()?;
        let version = release.lines().find_map(|line| line.strip_prefix("__version__"))?;
        let version = version.trim_matches([' ', '=', '\'', '"']).to_string();
        Some(Self { package, python: python.to_path_buf(), version, collections: lines.collect() })
    }
}

/// The Python that an `ansible` command of the path is written for.
fn of_command() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| {
        let mut start = [0; 256];
        let mut file = std::fs::File::open(folder.join("ansible")).ok()?;
        let size = std::io::Read::read(&mut file, &mut start).ok()?;
        let line = std::str::from_utf8(&start[..size]).ok()?.lines().next()?;
        let python = line.strip_prefix("#!")?.split_whitespace().next()?;
        python.contains("python").then(|| PathBuf::from(python))
    })
}
