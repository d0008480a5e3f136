//! Everything that a lab's machines find outside themselves: the internet with GitLab, registry and mirrors, and Proxmox.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use super::content::{Content, Versions};
use super::mirror::Mirror;
use super::registry::Registry;
use super::wheels::Wheels;
use super::{Config, Internet};
use crate::doubles::gitlab::{
    GitLab, Project, Role, Scope, Settings as GitLabSettings, Token, TokenKind, User,
};
use crate::doubles::proxmox::{Hypervisor, Proxmox, Settings};
use crate::doubles::web::{Faults, Record, Served, Site, Watched, serve};

/// The host names of image registries.
const REGISTRIES: &[&str] = &[
    "registry.k8s.io",
    "quay.io",
    "docker.io",
    "registry-1.docker.io",
    "index.docker.io",
    "nvcr.io",
    "ghcr.io",
];

/// How to set it all up.
pub struct Plan {
    /// The address of everything; machines use it as their name server.
    pub address: IpAddr,
    /// Ports for names, HTTP, HTTPS and Proxmox: 53, 80, 443, 8006 in a lab; 0 lets the system choose.
    pub ports: [u16; 4],
    /// The folder of this lab.
    pub state: PathBuf,
    /// The folder for what is dear to fetch and may be shared by labs: `mirror/`, `wheels/`.
    pub cache: PathBuf,
    /// The folder with `kubeadm`, `kubelet`, `kubectl`, `crio`, `pinns`, `helm`.
    pub binaries: PathBuf,
    /// The folder of a [`super::registry::Store`].
    pub images: PathBuf,
    /// What is offered.
    pub versions: Versions,
    /// The machines' names and addresses.
    pub names: BTreeMap<String, IpAddr>,
    /// The password of `root@pam` at Proxmox.
    pub proxmox_password: String,
    /// The bridge that Proxmox knows.
    pub bridge: String,
    /// GitLab: its host name, the project's path, and a token with the scope `api`. A second token, the first with `-read` behind
    /// it, has the scope `read_api` only.
    pub gitlab: (String, String, String),
}

/// A part with its record and its faults.
pub struct Part {
    /// What was asked of it; also in `<state>/<name>-record.jsonl`.
    pub record: Arc<Record>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
}

/// The running outside; dropping it ends it.
pub struct Outside {
    /// The internet.
    pub internet: Internet,
    /// GitLab's record and faults.
    pub gitlab: Part,
    /// Its project and keys.
    pub gitlab_double: Arc<GitLab>,
    /// Proxmox' record and faults.
    pub proxmox: Part,
    /// The double, to put it under other conditions.
    pub proxmox_double: Arc<Proxmox>,
    proxmox_served: Served,
}

impl Outside {
    /// Makes the content if need be and starts everything; `hypervisor` holds the machines. Errors when a program that makes
    /// content is missing, apt has no archive configured, or a port is taken.
    pub async fn start(plan: Plan, hypervisor: Arc<dyn Hypervisor>) -> Result<Self> {
        let [dns_port, http_port, https_port, proxmox_port] = plan.ports;
        let content = Content {
            state: plan.state.clone(),
            binaries: plan.binaries.clone(),
            versions: plan.versions.clone(),
        };
        tokio::task::spawn_blocking(move || content.write()).await??;
        let (gitlab_double, gitlab_site, gitlab) = gitlab(&plan)?;
        let sites = sites(&plan, gitlab_site)?;
        let (address, state, names) = (plan.address, plan.state.clone(), plan.names.clone());
        let internet =
            Internet::start(Config { address, https_port, http_port, dns_port, state, names, sites }).await?;
        internet.names.set("proxmox.lab.test", address);
        let (proxmox_double, site, proxmox) = proxmox(&plan, &internet, hypervisor)?;
        let place = SocketAddr::new(address, proxmox_port);
        let listener = TcpListener::bind(place).await.with_context(|| format!("cannot listen at {place}"))?;
        let proxmox_served = serve(listener, Some(internet.authority.server(address)?), site)?;
        Ok(Self { internet, gitlab, gitlab_double, proxmox, proxmox_double, proxmox_served })
    }

    /// Where Proxmox' API is.
    pub fn proxmox_address(&self) -> SocketAddr {
        self.proxmox_served.address()
    }
}

fn watch(plan: &Plan, name: &str, site: Arc<dyn Site>) -> (Arc<dyn Site>, Part) {
    let record = Arc::new(Record::in_file(&plan.state.join(format!("{name}-record.jsonl"))));
    let faults = Arc::new(Faults::default());
    (Arc::new(Watched::new(site, record.clone(), faults.clone())), Part { record, faults })
}

fn gitlab(plan: &Plan) -> Result<(Arc<GitLab>, Arc<dyn Site>, Part)> {
    let (_, path, secret) = &plan.gitlab;
    let token = |secret: String, scope| Token { secret, kind: TokenKind::Personal, scopes: vec![scope] };
    let user = User {
        name: "homelab".to_owned(),
        password: secret.clone(),
        tokens: vec![token(secret.clone(), Scope::Api), token(format!("{secret}-read"), Scope::ReadApi)],
    };
    let project = |id, path: &str| Project {
        id,
        path: path.to_owned(),
        members: vec![("homelab".to_owned(), Role::Maintainer)],
        keys: Vec::new(),
    };
    let projects = vec![project(1, path), project(2, "homelab/other")];
    let state_file = Some(plan.state.join("gitlab-keys.json"));
    let double = Arc::new(GitLab::new(GitLabSettings { users: vec![user], projects, state_file })?);
    let (site, part) = watch(plan, "gitlab", double.clone());
    Ok((double, site, part))
}

fn sites(plan: &Plan, gitlab: Arc<dyn Site>) -> Result<Vec<(String, Arc<dyn Site>)>> {
    let registry: Arc<dyn Site> = Arc::new(Registry::new(&plan.images));
    let mut sites: Vec<(String, Arc<dyn Site>)> =
        REGISTRIES.iter().map(|host| ((*host).to_owned(), registry.clone())).collect();
    sites.push(("mirror.lab.test".to_owned(), Arc::new(Mirror::from_apt(&plan.cache.join("mirror"))?)));
    sites.push(("pypi.org".to_owned(), Arc::new(Wheels::new(&plan.cache.join("wheels")))));
    sites.push(("gitlab.com".to_owned(), gitlab.clone()));
    sites.push((plan.gitlab.0.clone(), gitlab));
    Ok(sites)
}

fn proxmox(
    plan: &Plan,
    internet: &Internet,
    hypervisor: Arc<dyn Hypervisor>,
) -> Result<(Arc<Proxmox>, Arc<dyn Site>, Part)> {
    let mut settings = Settings::small(plan.state.join("proxmox"), &plan.proxmox_password);
    settings.bridges = vec![plan.bridge.clone()];
    settings.trust = Some(internet.authority.pem().to_owned());
    settings.route = Some(plan.address);
    settings.state_file = Some(plan.state.join("proxmox-machines.json"));
    settings.task_time = Duration::from_millis(200);
    let double = Arc::new(Proxmox::new(hypervisor, settings)?);
    let (site, part) = watch(plan, "proxmox", double.clone());
    Ok((double, site, part))
}
