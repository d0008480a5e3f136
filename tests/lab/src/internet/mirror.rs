//! A package mirror that passes on to the one this computer uses, and keeps what it fetched.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use hyper::{Method, StatusCode};

use crate::doubles::web::{Answering, Files, Request, Response, Site, decode, empty, text};

/// How long an index may be used before the upstream is asked again.
const INDEX_AGE: Duration = Duration::from_secs(3600);

/// A caching mirror: the first part of a path chooses the upstream archive, `debian` for instance.
pub struct Mirror {
    archives: BTreeMap<String, String>,
    cache: PathBuf,
    client: reqwest::Client,
    files: Files,
}

impl Mirror {
    /// A mirror of the archives that this computer's apt is configured with (its proxy included), kept in `cache`.
    /// Errors when apt gives no archive.
    pub fn from_apt(cache: &Path) -> Result<Self> {
        let sites = output("apt-get", &["indextargets", "--format", "$(SITE)"])?;
        let archives: BTreeMap<String, String> = sites
            .lines()
            .map(|site| site.trim_end_matches('/'))
            .filter_map(|site| Some((site.rsplit('/').next()?.to_owned(), site.to_owned())))
            .collect();
        if archives.is_empty() {
            bail!("apt on this computer has no archive configured (apt-get indextargets gives nothing)");
        }
        let proxy = output("apt-config", &["shell", "P", "Acquire::http::Proxy"])?;
        let proxy = proxy.trim().strip_prefix("P=").map(|proxy| proxy.trim_matches('\'').to_owned());
        Self::new(archives, cache, proxy.as_deref().filter(|proxy| proxy.starts_with("http")))
    }

    /// A mirror of these archives (name → base URL), kept in `cache`. Errors on a bad proxy URL.
    pub fn new(archives: BTreeMap<String, String>, cache: &Path, proxy: Option<&str>) -> Result<Self> {
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder().connect_timeout(Duration::from_secs(20));
        if let Some(proxy) = proxy {
            client = client.proxy(reqwest::Proxy::all(proxy)?);
        }
        Ok(Self { archives, cache: cache.to_path_buf(), client: client.build()?, files: Files::new(cache) })
    }

    /// The names of its archives.
    pub fn archives(&self) -> impl Iterator<Item = &str> {
        self.archives.keys().map(String::as_str)
    }

    async fn give(&self, request: Request) -> Response {
        if request.method != Method::GET && request.method != Method::HEAD {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let path = decode(&request.path);
        let path = path.trim_start_matches('/');
        let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let place = self.cache.join(path);
        if plain && !fresh(&place, path) {
            match self.fetch(path, &place).await {
                Ok(StatusCode::OK) => {}
                Ok(status) => {
                    return text(status, format!("{path}: the upstream archive answers {status}\n"));
                }
                // What was fetched before is better than nothing when the upstream is away.
                Err(_) if place.is_file() => {}
                Err(error) => return text(StatusCode::BAD_GATEWAY, format!("{path}: {error:#}\n")),
            }
        }
        self.files.answer(request).await
    }

    async fn fetch(&self, path: &str, place: &Path) -> Result<StatusCode> {
        use tokio::io::AsyncWriteExt;
        let (archive, rest) = path.split_once('/').unwrap_or((path, ""));
        let Some(base) = self.archives.get(archive) else { return Ok(StatusCode::NOT_FOUND) };
        let mut response = self.client.get(format!("{base}/{rest}")).send().await?;
        let status = StatusCode::from_u16(response.status().as_u16())?;
        if status != StatusCode::OK {
            return Ok(status);
        }
        let folder = place.parent().context("a file lies in a folder")?;
        tokio::fs::create_dir_all(folder).await?;
        let (file, part) = tempfile::NamedTempFile::new_in(folder)?.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = response.chunk().await? {
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        part.persist(place)?;
        Ok(status)
    }
}

impl Site for Mirror {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(self.give(request))
    }
}

/// Whether a kept file may be given without asking: packages never change under their name, indices age.
fn fresh(place: &Path, path: &str) -> bool {
    let Ok(known) = place.metadata() else { return false };
    if !known.is_file() {
        return false;
    }
    if path.contains("/pool/") || path.contains("/by-hash/") {
        return true;
    }
    known
        .modified()
        .ok()
        .and_then(|time| SystemTime::now().duration_since(time).ok())
        .is_some_and(|age| age < INDEX_AGE)
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let ran =
        Command::new(program).args(arguments).output().with_context(|| format!("cannot run {program}"))?;
    if !ran.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr).trim());
    }
    Ok(String::from_utf8(ran.stdout)?)
}
