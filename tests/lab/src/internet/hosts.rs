//! Virtual hosts: which site answers for which name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::StatusCode;

use crate::doubles::web::{Answering, Files, Request, Site, text};

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
            Files::new(&folder).answer(request).await
        })
    }
}
