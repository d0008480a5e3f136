//! A read-only container registry over a folder.
//!
//! `<root>/manifests/<host>/<repository>/<tag>` are manifests, `<root>/blobs/<sha256:…>` blobs (manifests too, so that a digest
//! finds them). [`Store`] writes the folder, [`Registry`] serves it. An image that is not there is answered by the manifest
//! `<root>/manifests/any` where that exists: the lab's one small image under every name asked for.
//! Not imitated: tokens, pushing, the catalogue, referrers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::doubles::web::{
    Answering, Request, Response, Site, bytes, file, json as json_answer, with_header,
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The folder of a registry, for writing.
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// A store in the folder `root`, which is made. Errors when that cannot be done.
    pub fn open(root: &Path) -> Result<Self> {
        for part in ["blobs", "manifests"] {
            fs::create_dir_all(root.join(part)).with_context(|| format!("cannot make {}", root.display()))?;
        }
        Ok(Self { root: root.to_path_buf() })
    }

    /// Keeps a blob and gives its digest, `sha256:…`. Errors when it cannot be written.
    pub fn blob(&self, data: &[u8]) -> Result<String> {
        let digest = digest(data);
        let path = self.root.join("blobs").join(&digest);
        if !path.exists() {
            fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(digest)
    }

    /// Makes an image of one uncompressed layer (a tar archive) and gives its manifest's digest. `config` is the image
    /// configuration's `config` object (`Entrypoint`, `Cmd`, `Env` …). Errors when it cannot be written.
    pub fn image(&self, layer: &[u8], config: &Value) -> Result<String> {
        let layer_digest = self.blob(layer)?;
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
            "history": [{"created_by": "rustible lab"}],
        });
        let config = serde_json::to_vec(&config)?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": self.blob(&config)?, "size": config.len()},
            "layers": [{"mediaType": LAYER, "digest": layer_digest, "size": layer.len()}],
        });
        self.blob(&serde_json::to_vec(&manifest)?)
    }

    /// Names a manifest: `host/repository:tag`, for instance `registry.k8s.io/coredns/coredns:v1.12.1`. Errors on a name
    /// without host or tag and on an unknown digest.
    pub fn name(&self, name: &str, manifest: &str) -> Result<()> {
        let Some((repository, tag)) =
            name.rsplit_once(':').filter(|(repository, _)| repository.contains('/'))
        else {
            bail!("{name} is not of the form host/repository:tag");
        };
        self.link(&self.root.join("manifests").join(repository).join(tag), manifest)
    }

    /// Makes a manifest the answer for every image that has no name here. Errors on an unknown digest.
    pub fn any(&self, manifest: &str) -> Result<()> {
        self.link(&self.root.join("manifests/any"), manifest)
    }

    fn link(&self, place: &Path, manifest: &str) -> Result<()> {
        let blob = self.root.join("blobs").join(manifest);
        let folder = place.parent().context("a manifest lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::copy(&blob, place).with_context(|| format!("no manifest {manifest} in this store"))?;
        Ok(())
    }
}

/// A registry over a [`Store`]'s folder.
pub struct Registry {
    root: PathBuf,
}

impl Registry {
    /// A registry over the folder `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    async fn give(&self, request: &Request) -> Response {
        if request.method != Method::GET && request.method != Method::HEAD {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this registry is read-only");
        }
        let Some(path) = request.path.strip_prefix("/v2/") else {
            return refuse(StatusCode::NOT_FOUND, "UNSUPPORTED", "only /v2/ is served");
        };
        if path.is_empty() {
            return api(json_answer(StatusCode::OK, &json!({})));
        }
        if path.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return refuse(StatusCode::NOT_FOUND, "NAME_INVALID", "that is no name");
        }
        if let Some((_, digest)) = path.split_once("/blobs/") {
            return self.blob(digest).await;
        }
        let Some((repository, reference)) = path.split_once("/manifests/") else {
            return refuse(StatusCode::NOT_FOUND, "UNSUPPORTED", "only manifests and blobs are served");
        };
        self.manifest(host(&request.host), repository, reference).await
    }

    async fn blob(&self, digest: &str) -> Response {
        match file(&self.root.join("blobs").join(digest), "application/octet-stream").await {
            Ok(response) => api(with_header(response, "docker-content-digest", digest)),
            Err(_) => refuse(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", digest),
        }
    }

    async fn manifest(&self, host: &str, repository: &str, reference: &str) -> Response {
        let manifests = self.root.join("manifests");
        let places = if reference.starts_with("sha256:") {
            vec![self.root.join("blobs").join(reference)]
        } else {
            vec![manifests.join(host).join(repository).join(reference), manifests.join("any")]
        };
        for place in places {
            let Ok(data) = tokio::fs::read(&place).await else { continue };
            let kind = serde_json::from_slice::<Value>(&data)
                .ok()
                .and_then(|value| value.get("mediaType").and_then(Value::as_str).map(str::to_owned));
            let digest = digest(&data);
            let response = bytes(StatusCode::OK, kind.as_deref().unwrap_or(MANIFEST), data);
            return api(with_header(response, "docker-content-digest", &digest));
        }
        refuse(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", &format!("{host}/{repository}:{reference}"))
    }
}

impl Site for Registry {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move { self.give(&request).await })
    }
}

/// Docker's registry has several host names.
fn host(asked: &str) -> &str {
    match asked {
        "registry-1.docker.io" | "index.docker.io" => "docker.io",
        other => other,
    }
}

fn api(response: Response) -> Response {
    with_header(response, "docker-distribution-api-version", "registry/2.0")
}

fn refuse(status: StatusCode, code: &str, detail: &str) -> Response {
    api(json_answer(status, &json!({"errors": [{"code": code, "message": detail, "detail": detail}]})))
}

/// The digest of some bytes as registries write it.
pub fn digest(data: &[u8]) -> String {
    let sum = Sha256::digest(data);
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
