//! The suite, the program under test and the Python of the managed host.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The version of the reference whose tests these are.
const VERSION: &str = "2.21.5";

/// What all targets share.
pub(crate) struct Suite {
    /// The unpacked source of the reference.
    pub(crate) source: PathBuf,
    /// The folder with the commands.
    pub(crate) commands: tempfile::TempDir,
    /// The Python for modules and plugins.
    pub(crate) python: PathBuf,
    /// Folders that a target must see as they are.
    pub(crate) folders: Vec<PathBuf>,
}

impl Suite {
    /// Fetch what is not there yet. `None` without a Python that is new enough.
    pub(crate) fn open() -> io::Result<Option<Self>> {
        let core = format!("ansible-core=={VERSION}");
        let name = format!("conformance-{VERSION}");
        let packages = [core.as_str(), "passlib", "pexpect"];
        let Some(bin) = rustible_tests::environment(&name, &packages)? else { return Ok(None) };
        let python = bin.join("python3");
        let home = bin.parent().unwrap_or(&bin).to_path_buf();
        let source = fetched(&python, &home.join("suite"), &core)?;
        let commands = tempfile::Builder::new().prefix("rustible-commands").tempdir()?;
        let program = commands.path().join("rustible");
        fs::copy(rustible_tests::program()?, &program)?;
        output(Command::new(&program).arg("links").arg(commands.path()))?;
        let base = output(Command::new(&python).args(["-c", "import sys; print(sys.base_prefix)"]))?;
        let base = PathBuf::from(base.trim());
        let mut folders = vec![home, commands.path().to_path_buf()];
        if base != Path::new("/usr") && base != Path::new("/") {
            folders.push(base);
        }
        Ok(Some(Self { source, commands, python, folders }))
    }

    /// The folder of a target.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.source.join("test/integration/targets").join(name)
    }
}

/// The source of the reference, unpacked in that folder.
fn fetched(python: &Path, folder: &Path, package: &str) -> io::Result<PathBuf> {
    let source = folder.join(format!("ansible_core-{VERSION}"));
    if source.join("test/integration/targets").is_dir() {
        return Ok(source);
    }
    fs::create_dir_all(folder)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest"]);
    output(pip.arg(folder).arg(package))?;
    let archive = folder.join(format!("ansible_core-{VERSION}.tar.gz"));
    output(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder))?;
    fs::remove_file(archive)?;
    Ok(source)
}

fn output(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))))
}
