//! A tree of files as a site, as a web server of static content gives it.

use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use hyper::{Method, StatusCode};

use super::forms::decode;
use super::message::{Answering, Request, Response, Site, empty, file, text, with_header};

/// Serves the files under a folder, `index.html` for folders, with `ETag` and `304`.
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// A site over the folder `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The file that a path names, if it stays inside the root and is there.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let relative = decode(path);
        let relative = Path::new(relative.trim_start_matches('/'));
        if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return None;
        }
        let found = self.root.join(relative);
        let found = if found.is_dir() { found.join("index.html") } else { found };
        found.is_file().then_some(found)
    }

    async fn give(&self, request: &Request) -> Response {
        if request.method != Method::GET && request.method != Method::HEAD {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let Some(found) = self.find(&request.path) else {
            return text(
                StatusCode::NOT_FOUND,
                format!("https://{}{} is not in this lab\n", request.host, request.path),
            );
        };
        let tag = tag(&found);
        if request.header("if-none-match").is_some_and(|known| known == tag) {
            return with_header(empty(StatusCode::NOT_MODIFIED), "etag", &tag);
        }
        match file(&found, media_type(&found)).await {
            Ok(response) => with_header(response, "etag", &tag),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")),
        }
    }
}

impl Site for Files {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move { self.give(&request).await })
    }
}

fn tag(path: &Path) -> String {
    let known = path.metadata().ok();
    let length = known.as_ref().map_or(0, std::fs::Metadata::len);
    let changed =
        known.and_then(|known| known.modified().ok()).and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("\"{length:x}-{:x}\"", changed.map_or(0, |since| since.as_nanos()))
}

/// The media type of a file by its name.
pub fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => "application/json",
        Some("yaml" | "yml") => "application/yaml",
        Some("txt" | "key" | "asc") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("gz" | "tgz") => "application/gzip",
        Some("deb") => "application/vnd.debian.binary-package",
        _ => "application/octet-stream",
    }
}
