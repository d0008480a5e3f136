//! Servers with an API of Galaxy: v3 for collections, v1 for roles.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use reqwest::{Url, blocking::Client};
use rustible_protocol::{Dict, Value, json, repr};
use rustible_source::Diagnostic;

use crate::{
    archive::sha256,
    collection::requirement::Wanted,
    context::{Context, Server, failed},
    fault::{Refused, cause, lost, refusal},
    paths::io,
};

/// The root of a server's API, and the paths of its versions.
type Root = (Url, Dict);

/// The servers, and what they told.
pub(crate) struct Api<'a> {
    context: &'a Context<'a>,
    roots: RefCell<HashMap<String, Root>>,
    cores: RefCell<HashMap<String, String>>,
    details: RefCell<HashMap<String, (Value, Server)>>,
}

impl<'a> Api<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        Self { context, roots: RefCell::default(), cores: RefCell::default(), details: RefCell::default() }
    }

    fn client(verify: bool, timeout: u64) -> Result<Client, Diagnostic> {
        // Another part of the program may have chosen the same one before.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .timeout(Duration::from_secs(timeout))
            .user_agent(concat!("rustible/", env!("CARGO_PKG_VERSION")))
            .danger_accept_invalid_certs(!verify);
        builder.build().map_err(|error| failed(format!("no HTTP client: {error}")))
    }

    /// An answer in JSON; servers that are busy are asked again.
    fn call(&self, url: &Url, server: &Server, lead: &str) -> Result<Value, Refused> {
        self.context.say.verbose(4, &format!("Calling Galaxy at {url}"));
        let client = Self::client(server.verify, server.timeout)?;
        let lost = |error: &reqwest::Error| {
            let text = format!("Unknown error when attempting to call Galaxy at '{url}'");
            Diagnostic::new(text).apart().because(cause(error).apart())
        };
        let mut wait = 1;
        loop {
            let mut request = client.get(url.clone()).header("Accept", "application/json, */*");
            if let Some(value) = &server.authorization {
                request = request.header("Authorization", value);
            }
            let answer = request.send().map_err(|error| lost(&error))?;
            let status = answer.status();
            if matches!(status.as_u16(), 429 | 502 | 520) && wait < 8 {
                sleep(Duration::from_secs(wait));
                wait *= 2;
                continue;
            }
            let text = answer.text().map_err(|error| lost(&error))?;
            if !status.is_success() {
                return Err(refusal(status.as_u16(), status.canonical_reason(), url, &text, lead));
            }
            return json::read(&text).map_err(|_| {
                failed(format!("Failed to parse Galaxy response from '{url}' as JSON:\n{text}")).into()
            });
        }
    }

    /// Where a version of a server's API is.
    fn root(&self, server: &Server, versions: &[&str], action: &str) -> Result<(Url, String), Refused> {
        let known = self.roots.borrow().get(&server.url).cloned();
        let (root, available) = match known {
            Some(root) => root,
            None => {
                let found = self.discover(server)?;
                self.roots.borrow_mut().insert(server.url.clone(), found.clone());
                found
            }
        };
        let path = versions.iter().find_map(|version| available.get(version)).map(repr::str);
        let Some(path) = path else {
            let names: Vec<String> = available.keys().map(repr::str).collect();
            let text = format!(
                "Galaxy action {action} requires API versions '{}' but only '{}' are available on {} {root}",
                versions.join(", "),
                names.join(", "),
                server.name
            );
            return Err(failed(text).into());
        };
        Ok((root, path))
    }

    fn discover(&self, server: &Server) -> Result<Root, Refused> {
        self.context.say.verbose(4, &format!("Initial connection to galaxy_server: {}", server.url));
        let lead = format!("Error when finding available api versions from {} ({})", server.name, server.url);
        let bare =
            matches!(server.url.as_str(), "https://galaxy.ansible.com" | "https://galaxy.ansible.com/");
        let first = if bare { "https://galaxy.ansible.com/api/" } else { server.url.as_str() };
        let mut root = parse(first)?;
        let has = |answer: &Value| answer.get("available_versions").is_some();
        let mut answer = self.call(&root, server, &lead);
        let ends = first.ends_with("/api") || first.ends_with("/api/");
        if !ends && !answer.as_ref().is_ok_and(has) {
            let next = parse(&format!("{}/api", first.trim_end_matches('/')))?;
            match self.call(&next, server, &lead) {
                Err(Refused::Status(404, _)) => {}
                other => {
                    answer = other;
                    root = next;
                }
            }
        }
        let answer = answer?;
        let Some(versions) = answer.get("available_versions").and_then(Value::as_dict) else {
            return Err(failed(format!(
                "Tried to find galaxy API root at {root} but no 'available_versions' are available on {}",
                server.url
            ))
            .into());
        };
        let names: Vec<String> = versions.keys().map(repr::str).collect();
        let found = names.join(", ");
        let text = format!("Found API version '{found}' with Galaxy server {} ({root})", server.name);
        self.context.say.verbose(4, &text);
        Ok((root, versions.clone()))
    }

    /// The servers to ask for a collection.
    fn servers(&self, wanted: &Wanted) -> Vec<Server> {
        wanted.server.clone().map_or_else(|| self.context.servers.clone(), |server| vec![server])
    }

    fn collection_url(&self, server: &Server, wanted: &Wanted, rest: &str) -> Result<Url, Refused> {
        let (root, path) = self.root(server, &["v3"], "get_collection_versions")?;
        let name = wanted.name.as_deref().unwrap_or_default();
        let (namespace, own) = name.split_once('.').unwrap_or((name, ""));
        let root = root.as_str().trim_end_matches('/');
        let path = path.trim_matches('/');
        Ok(parse(&format!("{root}/{path}/collections/{namespace}/{own}/versions/{rest}"))?)
    }

    /// All versions of a collection, with the server that has each.
    pub(crate) fn versions(&self, wanted: &Wanted) -> Result<Vec<(String, Server)>, Diagnostic> {
        let mut all = Vec::new();
        let mut last = None;
        let mut answered = false;
        for server in self.servers(wanted) {
            match self.versions_on(&server, wanted) {
                Ok(versions) => {
                    answered = true;
                    all.extend(versions.into_iter().map(|version| (version, server.clone())));
                }
                Err(Refused::Status(_, error)) => last = Some(error),
                Err(Refused::Other(error)) => {
                    self.context.say.warning(&format!(
                        "Skipping Galaxy server {}. Got an unexpected error when getting available versions of collection {}: {}",
                        server.url,
                        wanted.name.as_deref().unwrap_or_default(),
                        error.summary()
                    ));
                    last = Some(error);
                }
            }
        }
        match last {
            Some(error) if !answered => Err(error),
            _ => Ok(all),
        }
    }

    fn versions_on(&self, server: &Server, wanted: &Wanted) -> Result<Vec<String>, Refused> {
        let mut next = Some(self.collection_url(server, wanted, "?limit=100")?);
        let name = wanted.name.as_deref().unwrap_or_default();
        let lead = format!(
            "Error when getting available collection versions for {name} from {} ({})",
            server.name, server.url
        );
        let mut all = Vec::new();
        while let Some(url) = next.take() {
            let page = match self.call(&url, server, &lead) {
                Err(Refused::Status(404, _)) => break,
                other => other?,
            };
            let items = page.get("data").or_else(|| page.get("results")).and_then(Value::as_list);
            for item in items.into_iter().flat_map(|items| items.iter()) {
                let version = item.get("version").map(repr::str).unwrap_or_default();
                if let Some(range) = item.get("requires_ansible").filter(|range| range.truthy()) {
                    self.cores.borrow_mut().insert(format!("{name}:{version}"), repr::str(range));
                }
                all.push(version);
            }
            let link = page.get("links").and_then(|links| links.get("next")).and_then(Value::as_str);
            next = link.map(|link| join(&url, link, "pagination link")).transpose()?;
        }
        Ok(all)
    }

    /// What the server says of one version.
    fn detail(&self, wanted: &Wanted) -> Result<(Value, Server), Diagnostic> {
        if let Some(found) = self.details.borrow().get(&wanted.shown()) {
            return Ok(found.clone());
        }
        let mut last = None;
        for server in self.servers(wanted) {
            let lead = format!(
                "Error when getting collection version metadata for {} from {} ({})",
                wanted.shown(),
                server.name,
                server.url
            );
            let url = self.collection_url(&server, wanted, &format!("{}/", wanted.version));
            match url.and_then(|url| self.call(&url, &server, &lead)) {
                Ok(value) => {
                    if let Some(range) = value.get("requires_ansible").filter(|range| range.truthy()) {
                        self.cores.borrow_mut().insert(wanted.shown(), repr::str(range));
                    }
                    let found = (value, server);
                    self.details.borrow_mut().insert(wanted.shown(), found.clone());
                    return Ok(found);
                }
                Err(refused) => last = Some(Diagnostic::from(refused)),
            }
        }
        Err(last.unwrap_or_else(|| failed(format!("Failed to find collection {}", wanted.shown()))))
    }

    /// The same, with the server that has it.
    pub(crate) fn located(&self, wanted: &Wanted) -> Result<Wanted, Diagnostic> {
        let (_, server) = self.detail(wanted)?;
        Ok(Wanted { server: Some(server), ..wanted.clone() })
    }

    /// What a collection needs.
    pub(crate) fn dependencies(&self, wanted: &Wanted) -> Result<Vec<(String, String)>, Diagnostic> {
        let (detail, _) = self.detail(wanted)?;
        let all = detail.get("metadata").and_then(|meta| meta.get("dependencies")).and_then(Value::as_dict);
        Ok(all.into_iter().flatten().map(|(name, range)| (repr::str(name), repr::str(range))).collect())
    }

    /// The range of ansible-core's versions, as the server told it.
    pub(crate) fn requires_core(&self, wanted: &Wanted) -> Option<String> {
        self.cores.borrow().get(&wanted.shown()).cloned()
    }

    /// Whether the server has signatures of it.
    pub(crate) fn is_signed(&self, wanted: &Wanted) -> Result<bool, Diagnostic> {
        Ok(self.detail(wanted)?.0.get("signatures").is_some_and(Value::truthy))
    }

    fn download_link(&self, wanted: &Wanted) -> Result<(Url, Value, Server), Diagnostic> {
        let (detail, server) = self.detail(wanted)?;
        let (root, _) = self.root(&server, &["v3"], "get_collection_version_metadata")?;
        let link = detail.get("download_url").map(repr::str).unwrap_or_default();
        Ok((join(&root, &link, "download_url")?, detail, server))
    }

    /// Fetch a collection's archive; the path.
    pub(crate) fn download(&self, wanted: &Wanted, work: &Path) -> Result<PathBuf, Diagnostic> {
        let (url, detail, server) = self.download_link(wanted)?;
        self.context.say.verbose(
            4,
            &format!("Fetching a collection tarball for '{}' from Ansible Galaxy", wanted.shown()),
        );
        let expected = detail.get("artifact").and_then(|artifact| artifact.get("sha256")).map(repr::str);
        let path = self.fetch(&url, work, Some(&server)).map_err(|error| lost(&server.name, error))?;
        let bytes = std::fs::read(&path).map_err(io(&path))?;
        if expected.is_some_and(|expected| expected != sha256(&bytes)) {
            return Err(failed(format!(
                "Failed to download collection tar from '{}' due to the following unforeseen error: Mismatch artifact hash with downloaded file",
                server.name
            )));
        }
        let text =
            format!("Collection '{}' obtained from server {} {}", wanted.shown(), server.name, server.url);
        self.context.say.verbose(3, &text);
        Ok(path)
    }

    /// Fetch an archive from anywhere; the path.
    pub(crate) fn download_url(&self, url: &str, work: &Path) -> Result<PathBuf, Diagnostic> {
        self.fetch(&parse(url)?, work, None)
    }

    fn fetch(&self, url: &Url, work: &Path, server: Option<&Server>) -> Result<PathBuf, Diagnostic> {
        let file = url.path().rsplit('/').next().filter(|file| !file.is_empty()).unwrap_or("archive.tar.gz");
        let stem = format!("{}-", file.trim_end_matches(".tar.gz"));
        let folder = tempfile::Builder::new().prefix(&stem).tempdir_in(work).map_err(io(work))?.keep();
        self.context.say.line(&format!("Downloading {url} to {}", folder.display()));
        let path = folder.join(file);
        std::fs::write(&path, self.bytes(url, server)?).map_err(io(&path))?;
        Ok(path)
    }

    /// The content behind a URL. The token goes to the server alone, not to where it sends us.
    pub(crate) fn bytes(&self, url: &Url, server: Option<&Server>) -> Result<Vec<u8>, Diagnostic> {
        let verify = server.map_or(!self.context.ignore_certs, |server| server.verify);
        let client = Self::client(verify, server.map_or(60, |server| server.timeout))?;
        let mut request = client.get(url.clone());
        let own = server.filter(|server| parse(&server.url).is_ok_and(|own| own.origin() == url.origin()));
        if let Some(value) = own.and_then(|server| server.authorization.as_ref()) {
            request = request.header("Authorization", value);
        }
        let answer = request.send().map_err(|error| cause(&error))?;
        let status = answer.status();
        if !status.is_success() {
            let reason = status.canonical_reason().unwrap_or_default();
            return Err(failed(format!("HTTP Error {}: {reason}", status.as_u16())));
        }
        answer.bytes().map(|bytes| bytes.to_vec()).map_err(|error| cause(&error))
    }

    /// What is noted beside an installed collection of where it came from.
    pub(crate) fn origin(&self, wanted: &Wanted) -> Option<Dict> {
        let found = self.details.borrow().get(&wanted.shown()).cloned();
        let (detail, _) = found.filter(|_| wanted.server.is_some())?;
        let (download, _, server) = self.download_link(wanted).ok()?;
        let (root, _) = self.root(&server, &["v3"], "get_collection_version_metadata").ok()?;
        let (namespace, name) = wanted.name.as_deref()?.split_once('.')?;
        let entries = [
            ("format_version", Value::from("1.0.0")),
            ("namespace", Value::from(namespace)),
            ("name", Value::from(name)),
            ("version", Value::from(wanted.version.as_str())),
            ("server", Value::from(root.as_str())),
            ("version_url", detail.get("href").cloned().unwrap_or_default()),
            ("download_url", Value::from(download.as_str())),
            (
                "signatures",
                detail.get("signatures").filter(|v| v.truthy()).cloned().unwrap_or_else(Value::list),
            ),
        ];
        Some(entries.into_iter().collect())
    }

    /// The first server with roles, and where its API of them is.
    pub(crate) fn roles_root(&self) -> Result<(Server, Url, String), Refused> {
        let has_roles = |server: &&Server| self.root(server, &["v1"], "roles").is_ok();
        let server = self.context.servers.iter().find(has_roles).or(self.context.servers.first()).cloned();
        let server = server.ok_or_else(|| failed("no server is configured"))?;
        let (root, version) = self.root(&server, &["v1"], "lookup_role_by_name")?;
        Ok((server, root, version))
    }

    /// The first server with roles, and an answer of its v1 API.
    pub(crate) fn of_roles(&self, path: &str, lead: &str) -> Result<(Value, Url, Server), Refused> {
        let (server, root, version) = self.roles_root()?;
        let (base, version) = (root.as_str().trim_end_matches('/'), version.trim_matches('/').to_string());
        let url = parse(&format!("{base}/{version}/{path}"))?;
        let answer = self.call(&url, &server, lead)?;
        Ok((answer, url, server))
    }

    /// A further page of the same.
    pub(crate) fn page(&self, link: &str, from: &Url, server: &Server) -> Result<Value, Refused> {
        self.call(&join(from, link, "pagination link")?, server, "")
    }
}

fn parse(url: &str) -> Result<Url, Diagnostic> {
    Url::parse(url).map_err(|error| failed(format!("'{url}' is no URL: {error}")))
}

/// A link of an answer, complete.
fn join(base: &Url, link: &str, what: &str) -> Result<Url, Diagnostic> {
    if !link.contains("://") && !link.starts_with('/') {
        return Err(failed(format!("Invalid non absolute {what}: {link}")));
    }
    base.join(link).map_err(|error| failed(format!("'{link}' is no URL: {error}")))
}
