//! The lab's small internet: one address that answers every public name of the roles' URLs.
//!
//! [`Internet::start`] brings up a name server and a web server (HTTP and HTTPS with certificates of the lab's own
//! authority). Static content lies under `<state>/www/<host name>/…`; [`content`] writes it, anything else there is
//! served as well. [`outside::Outside`] is the whole of it with Proxmox, as a lab needs it. Sites that are programs (GitLab, the registry, the package mirror) are put in by name.

pub mod authority;
pub mod content;
mod hosts;
pub mod mirror;
mod names;
pub mod outside;
pub mod registry;
pub mod wheels;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, UdpSocket};

pub use authority::{Authority, Flaw};
pub use hosts::Hosts;
pub use names::{Names, serve_names};

use crate::doubles::web::{Faults, Record, Served, Site, Watched, serve};

/// How to bring the internet up. Ports of 0 are chosen by the system.
pub struct Config {
    /// The address to listen at, and the answer to every public name.
    pub address: IpAddr,
    /// The port for HTTPS, 443 in a lab.
    pub https_port: u16,
    /// The port for HTTP, 80 in a lab.
    pub http_port: u16,
    /// The port for names, 53 in a lab.
    pub dns_port: u16,
    /// The folder of this lab: the authority's key, `www/`, the records.
    pub state: PathBuf,
    /// More names with their addresses (the machines'), on top of [`PUBLIC_NAMES`].
    pub names: BTreeMap<String, IpAddr>,
    /// Sites that are programs, by host name; they win over files. Their names are answered too.
    pub sites: Vec<(String, Arc<dyn Site>)>,
}

/// The public names that a lab answers.
pub const PUBLIC_NAMES: &[&str] = &[
    "pkgs.k8s.io",
    "download.opensuse.org",
    "packages.buildkite.com",
    "nvidia.github.io",
    "raw.githubusercontent.com",
    "github.com",
    "releases.ubuntu.com",
    "helm.cilium.io",
    "ceph.github.io",
    "gitlab.com",
    "dl.k8s.io",
    "registry.k8s.io",
    "quay.io",
    "docker.io",
    "registry-1.docker.io",
    "index.docker.io",
    "auth.docker.io",
    "nvcr.io",
    "ghcr.io",
    "mirror.lab.test",
    "packages.lab.test",
];

/// The name at which a checker asks for the internet's record and faults (`/.lab/…`).
pub const CHECKER: &str = "checker.lab.test";

/// A running internet; dropping it ends it.
pub struct Internet {
    /// The authority that signed its certificates.
    pub authority: Arc<Authority>,
    /// The names; more may be added while it runs.
    pub names: Arc<Names>,
    /// Every request to a site that is not watched on its own.
    pub record: Arc<Record>,
    /// The faults of those sites.
    pub faults: Arc<Faults>,
    https: Served,
    http: Served,
    dns: names::NameServer,
}

impl Internet {
    /// Starts everything. Errors when the folder cannot be written or a port is taken.
    pub async fn start(config: Config) -> Result<Self> {
        std::fs::create_dir_all(config.state.join("www"))
            .with_context(|| format!("cannot make {}", config.state.display()))?;
        let authority = Arc::new(Authority::in_folder(&config.state)?);
        let names = Arc::new(Names::new());
        for name in PUBLIC_NAMES
            .iter()
            .copied()
            .chain([CHECKER])
            .chain(config.sites.iter().map(|(name, _)| name.as_str()))
        {
            names.set(name, config.address);
        }
        for (name, address) in &config.names {
            names.set(name, *address);
        }
        let record = Arc::new(Record::in_file(&config.state.join("internet-record.jsonl")));
        let faults = Arc::new(Faults::default());
        let hosts = Arc::new(Hosts::new(&config.state.join("www"), config.sites));
        let watched: Arc<dyn Site> =
            Arc::new(Watched::new(hosts, record.clone(), faults.clone()).checked_at(CHECKER));
        let tls = authority.server(config.address)?;
        let https = serve(listen(config.address, config.https_port).await?, Some(tls), watched.clone())?;
        let http = serve(listen(config.address, config.http_port).await?, None, watched)?;
        let place = SocketAddr::new(config.address, config.dns_port);
        let udp = UdpSocket::bind(place).await.with_context(|| format!("cannot answer names at {place}"))?;
        let tcp = listen(config.address, udp.local_addr()?.port()).await?;
        let dns = serve_names(udp, tcp, names.clone())?;
        Ok(Self { authority, names, record, faults, https, http, dns })
    }

    /// Where HTTPS is.
    pub fn https(&self) -> SocketAddr {
        self.https.address()
    }

    /// Where HTTP is.
    pub fn http(&self) -> SocketAddr {
        self.http.address()
    }

    /// Where names are answered.
    pub fn dns(&self) -> SocketAddr {
        self.dns.address()
    }
}

async fn listen(address: IpAddr, port: u16) -> Result<TcpListener> {
    let place = SocketAddr::new(address, port);
    TcpListener::bind(place).await.with_context(|| format!("cannot listen at {place}"))
}

/// The folder of a host's files inside a lab's state folder.
pub fn www(state: &Path, host: &str) -> PathBuf {
    state.join("www").join(host)
}
