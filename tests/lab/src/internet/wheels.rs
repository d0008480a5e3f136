//! A Python package index over a folder of wheels, for trees that make a virtual environment on the controller.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use hyper::StatusCode;

use crate::doubles::web::{Answering, Files, Request, Response, Site, bytes, encode, text};

/// Fetches these packages with all that they need into `folder`, from the index that pip on this computer is configured with.
/// Errors when pip is missing or fails.
pub fn fetch(folder: &Path, packages: &[&str]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest"])
        .arg(folder)
        .args(packages)
        .output()
        .context("cannot run python3 -m pip (package python3-pip)")?;
    if !output.status.success() {
        bail!("pip download: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The index: `/simple/` and `/simple/<package>/`, with the wheels below `/wheels/`.
pub struct Wheels {
    folder: PathBuf,
    files: Files,
}

impl Wheels {
    /// An index of the wheels in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), files: Files::new(folder) }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn list(&self, path: &str) -> Response {
        let wanted = path.trim_matches('/');
        let mut links: Vec<String> = self
            .names()
            .iter()
            .filter(|name| wanted.is_empty() || package(name) == plain(wanted))
            .map(|name| match wanted.is_empty() {
                true => format!("<a href=\"/simple/{0}/\">{0}</a>", package(name)),
                false => format!("<a href=\"/wheels/{}\">{name}</a>", encode(name)),
            })
            .collect();
        links.dedup();
        if links.is_empty() {
            return text(StatusCode::NOT_FOUND, format!("this lab has no wheel of {wanted}\n"));
        }
        bytes(StatusCode::OK, "text/html", format!("<!DOCTYPE html><body>{}</body>", links.join("<br>\n")))
    }
}

impl Site for Wheels {
    fn answer(&self, request: Request) -> Answering<'_> {
        if let Some(file) = request.path.strip_prefix("/wheels").map(str::to_owned) {
            return self.files.answer(Request { path: file, ..request });
        }
        Box::pin(async move {
            match request.path.strip_prefix("/simple") {
                Some(path) => self.list(path),
                None => text(StatusCode::NOT_FOUND, "this index has /simple/ and /wheels/\n"),
            }
        })
    }
}

/// The package that a wheel is of.
fn package(wheel: &str) -> String {
    plain(wheel.split('-').next().unwrap_or_default())
}

/// A package name in the form that all its spellings share.
fn plain(name: &str) -> String {
    let name: String = name.chars().map(|letter| if "-_.".contains(letter) { '-' } else { letter }).collect();
    name.split('-').filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
