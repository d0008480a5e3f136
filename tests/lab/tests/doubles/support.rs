//! What the tests of the doubles share: a double behind TLS on loopback, and foreign clients in an environment of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rustible_lab::doubles::web::{Faults, Record, Served, Site, Watched, serve};
use rustible_lab::internet::Authority;
use tokio::net::TcpListener;

/// What the environment of the foreign clients holds.
const PACKAGES: &[&str] =
    &["ansible==14.5.0", "proxmoxer==2.3.0", "python-gitlab==8.6.0", "requests", "requests-toolbelt"];

/// A site behind TLS, watched.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) authority: Arc<Authority>,
    pub(crate) record: Arc<Record>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) served: Served,
}

impl Lab {
    pub(crate) async fn start(site: impl Site) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Arc::new(Authority::in_folder(folder.path()).expect("an authority"));
        let (record, faults) = (Arc::new(Record::default()), Arc::new(Faults::default()));
        let watched = Watched::new(Arc::new(site), record.clone(), faults.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let tls = authority.server([127, 0, 0, 1].into()).expect("a certificate");
        let served = serve(listener, Some(tls), Arc::new(watched)).expect("a listener");
        Self { folder, authority, record, faults, served }
    }

    pub(crate) fn port(&self) -> u16 {
        self.served.address().port()
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Runs a program of the clients' environment with the lab's address in its surroundings.
    pub(crate) async fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients"))
            .env("LAB_PORT", self.port().to_string())
            .env("LAB_CA", self.ca())
            .env("LAB_FOLDER", self.folder.path())
            .env("REQUESTS_CA_BUNDLE", self.ca())
            .env("SSL_CERT_FILE", self.ca())
            .env("NO_PROXY", "127.0.0.1")
            .env("ANSIBLE_LOCALHOST_WARNING", "false")
            .env("ANSIBLE_NOCOLOR", "1")
            .env("HOME", self.folder.path());
        tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("a thread")
            .expect("a client program")
    }
}

/// Fails the test with everything that a program said, unless it succeeded.
pub(crate) fn succeeded(output: &Output) {
    assert!(
        output.status.success(),
        "the client failed\n--- stdout\n{}\n--- stderr\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The `bin` folder of an environment with the foreign clients, made once under the user's cache from the index that pip is
/// configured with. `RUSTIBLE_CLIENTS` may name one that exists. Without Python 3.12 or newer the test is skipped by name.
pub(crate) fn clients(test: &str) -> Option<PathBuf> {
    static ONCE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ONCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = std::env::var_os("RUSTIBLE_CLIENTS") {
        return Some(PathBuf::from(known));
    }
    let Some(python) = pythons().into_iter().find(|python| new_enough(python)) else {
        eprintln!("SKIPPED {test}: no Python 3.12 or newer is installed");
        return None;
    };
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let place = cache.join("rustible/clients-14.5.0");
    let ready = place.join("ready");
    if !ready.exists() {
        let _not_there = fs::remove_dir_all(&place);
        run(Command::new(python).args(["-m", "venv"]).arg(&place));
        run(Command::new(place.join("bin/pip")).args(["install", "--quiet"]).args(PACKAGES));
        fs::write(&ready, PACKAGES.join("\n")).expect("a mark");
    }
    Some(place.join("bin"))
}

/// Where a Python may be: by name, and where pyenv keeps its versions.
fn pythons() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        ["python3.14", "python3.13", "python3.12", "python3"].map(PathBuf::from).to_vec();
    let versions = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv/versions"));
    let entries = versions.and_then(|versions| fs::read_dir(versions).ok()).into_iter().flatten().flatten();
    found.extend(entries.map(|entry| entry.path().join("bin/python3")));
    found
}

fn new_enough(python: &Path) -> bool {
    let check = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))";
    Command::new(python).args(["-c", check]).output().is_ok_and(|output| output.status.success())
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program");
    succeeded(&output);
}
