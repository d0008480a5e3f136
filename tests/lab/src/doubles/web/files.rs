//! A tree of files as a site, as a web server of static content gives it: folders by their `index.html`, conditional requests
//! by `ETag` and by time.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use hyper::{Method, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

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
        let version = Version::of(&found);
        if version.is_known_to(request) {
            return version.mark(empty(StatusCode::NOT_MODIFIED));
        }
        match file(&found, media_type(&found)).await {
            Ok(response) => version.mark(response),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")),
        }
    }
}

impl Site for Files {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move { self.give(&request).await })
    }
}

/// What tells a file from its earlier self.
struct Version {
    tag: String,
    /// When it was changed, in whole seconds as HTTP writes times.
    changed: Option<Timestamp>,
}

impl Version {
    fn of(path: &Path) -> Self {
        let known = path.metadata().ok();
        let length = known.as_ref().map_or(0, std::fs::Metadata::len);
        let changed = known.and_then(|known| known.modified().ok());
        let nanos = changed.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = nanos.and_then(|since| i64::try_from(since.as_secs()).ok());
        Self {
            tag: format!("\"{length:x}-{:x}\"", nanos.map_or(0, |since| since.as_nanos())),
            changed: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        }
    }

    /// Whether the asker has it already. The tag decides where both are sent.
    fn is_known_to(&self, request: &Request) -> bool {
        if let Some(tag) = request.header("if-none-match") {
            return tag == self.tag;
        }
        let since = request
            .header("if-modified-since")
            .and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
        matches!((since, self.changed), (Some(since), Some(changed)) if changed <= since)
    }

    fn mark(&self, response: Response) -> Response {
        let response = with_header(response, "etag", &self.tag);
        match self.changed.and_then(|time| DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()) {
            Some(time) => with_header(response, "last-modified", &time),
            None => response,
        }
    }
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
