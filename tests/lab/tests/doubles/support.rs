//! What the tests of the doubles share: a double behind TLS on loopback, and foreign clients in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

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
    if let Some(known) = std::env::var_os("RUSTIBLE_CLIENTS") {
        return Some(PathBuf::from(known));
    }
    let made = rustible_tests::environment("clients-14.5.0", PACKAGES).expect("an environment");
    if made.is_none() {
        eprintln!("SKIPPED {test}: no Python 3.12 or newer is installed");
    }
    made
}
