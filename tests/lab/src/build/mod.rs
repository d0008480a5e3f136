//! The cluster's programs, built from source by way of the Go module proxy that this computer is configured with.

mod recipes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cache::Cache;
use crate::command::{output, present};

pub use recipes::{COREDNS, CRIO, ETCD, HELM, KUBERNETES};

/// The oldest Go that builds all of it.
pub const GO: (u32, u32) = (1, 24);

/// The folder with all programs, from the cache or built now (about a quarter of an hour on two cores). Errors when Go is missing
/// or too old, and when a build fails.
pub fn binaries(cache: &Cache) -> Result<PathBuf> {
    cache.entry("binaries", &recipes::key(), |place| {
        for recipe in recipes::ALL {
            let made = recipe.made(cache)?;
            for file in fs::read_dir(&made)? {
                let file = file?;
                fs::hard_link(file.path(), place.join(file.file_name()))?;
            }
        }
        Ok(())
    })
}

/// `helm`, from the cache or built now (about two minutes). Errors as [`binaries`].
pub fn helm(cache: &Cache) -> Result<PathBuf> {
    let recipe = recipes::ALL.iter().find(|recipe| recipe.name == "helm").context("no recipe for helm")?;
    Ok(recipe.made(cache)?.join("helm"))
}

/// Checks that Go is there and new enough. Errors with the version needed and where to get it.
pub fn toolchain() -> Result<()> {
    let needed = format!(
        "the lab builds Kubernetes, CRI-O, etcd, CoreDNS and helm with Go {}.{} or newer: install it from https://go.dev/dl/ and \
         put its bin folder on PATH",
        GO.0, GO.1
    );
    if !present("go") {
        bail!("Go is not installed. {needed}");
    }
    let told = output(Command::new("go").args(["env", "GOVERSION"]))?;
    let version: Vec<u32> =
        told.trim().trim_start_matches("go").split('.').map_while(|part| part.parse().ok()).collect();
    match version.as_slice() {
        [major, minor, ..] if (*major, *minor) >= GO => Ok(()),
        _ => bail!("Go is {}. {needed}", told.trim()),
    }
}

/// A module as `go mod download -json` tells of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Module {
    dir: PathBuf,
    go_mod: PathBuf,
}

fn module(name: &str, version: &str) -> Result<Module> {
    let told =
        output(Command::new("go").args(["mod", "download", "-json"]).arg(format!("{name}@{version}")))?;
    serde_json::from_str(&told).with_context(|| format!("what go tells of {name}"))
}

/// A `go` command at low priority in `folder`, for static programs.
fn go(folder: &Path) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10", "go"]).current_dir(folder);
    command.env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=mod").env("GOWORK", "off");
    command
}
