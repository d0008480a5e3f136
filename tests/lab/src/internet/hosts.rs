//! Virtual hosts: which site answers for which name.
//!
//! A host's folder may have a file `.anywhere`: each line a path with `*` for any text, a tab, and the file of the folder that
//! answers it. So a download answers for every version in its URL.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::StatusCode;

use crate::doubles::web::{Answering, Files, Request, Site, decode, fits, text};

/// Chooses a site by the host name of a request: a program if one is named so, else the host's folder of files.
pub struct Hosts {
    www: PathBuf,
    sites: HashMap<String, Arc<dyn Site>>,
}

impl Hosts {
    /// Hosts over the folder `www` and the given programs.
    pub fn new(www: &Path, sites: Vec<(String, Arc<dyn Site>)>) -> Self {
        Self { www: www.to_path_buf(), sites: sites.into_iter().collect() }
    }
}

impl Site for Hosts {
    fn answer(&self, request: Request) -> Answering<'_> {
        if let Some(site) = self.sites.get(&request.host) {
            return site.answer(request);
        }
        Box::pin(async move {
            let plain =
                request.host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
            let folder = self.www.join(&request.host);
            if !plain || request.host.starts_with('.') || !folder.is_dir() {
                return text(StatusCode::NOT_FOUND, format!("this lab has no host {}\n", request.host));
            }
            let request =
                Request { path: found_anywhere(&folder, &request.path).unwrap_or(request.path), ..request };
            Files::new(&folder).answer(request).await
        })
    }
}

/// The path of the file that answers `path` by the folder's `.anywhere`.
fn found_anywhere(folder: &Path, path: &str) -> Option<String> {
    let rules = std::fs::read_to_string(folder.join(".anywhere")).ok()?;
    let path = decode(path);
    rules
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .find(|(pattern, _)| fits(pattern, &path))
        .map(|(_, file)| format!("/{file}"))
}
