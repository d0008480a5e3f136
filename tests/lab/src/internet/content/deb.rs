//! Makes `.deb` packages with `dpkg-deb`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What every package of the lab says of itself.
const SAYS: &str = "made by the rustible lab\n This package stands in for the one of the same name inside a lab. It is not the real one.";

/// A package to be made.
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) depends: &'a str,
    /// More control fields, each `Name: value`.
    pub(super) fields: &'a [&'a str],
    pub(super) files: Vec<(String, Content<'a>)>,
    /// A shell script to run after it was unpacked.
    pub(super) after: &'a str,
}

/// What is at a path of a package.
pub(super) enum Content<'a> {
    /// A text file.
    Text(&'a str),
    /// A configuration file, kept by dpkg when an administrator changed it.
    Config(&'a str),
    /// An executable script.
    Script(&'a str),
    /// A copy of an executable file of the computer that makes the package.
    Binary(PathBuf),
    /// A symbolic link.
    Link(&'a str),
}

impl Package<'_> {
    /// Makes the package in `folder` and gives its path. Errors when a file is missing or dpkg-deb fails.
    pub(super) fn build(&self, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let tree = tempfile::tempdir_in(folder)?;
        fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755))?;
        let mut kept = String::new();
        for (path, content) in &self.files {
            if matches!(content, Content::Config(_)) {
                kept.push_str(&format!("/{path}\n"));
            }
            content.put(&tree.path().join(path)).with_context(|| format!("package {}: {path}", self.name))?;
        }
        let control = tree.path().join("DEBIAN");
        fs::create_dir_all(&control)?;
        fs::write(control.join("control"), self.control())?;
        if !kept.is_empty() {
            fs::write(control.join("conffiles"), kept)?;
        }
        if !self.after.is_empty() {
            Content::Script(&format!("#!/bin/sh\nset -e\n{}\n", self.after))
                .put(&control.join("postinst"))?;
        }
        let file_version = self.version.split_once(':').map_or(self.version, |(_, version)| version);
        let made = folder.join(format!("{}_{file_version}_amd64.deb", self.name));
        let output = Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zgzip", "-z1", "--build"])
            .arg(tree.path())
            .arg(&made)
            .output()
            .context("cannot run dpkg-deb (package dpkg)")?;
        if !output.status.success() {
            bail!("dpkg-deb for {}: {}", self.name, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(made)
    }

    fn control(&self) -> String {
        let mut text = format!(
            "Package: {}\nVersion: {}\nArchitecture: amd64\nMaintainer: rustible lab <lab@lab.test>\nSection: admin\nPriority: optional\n",
            self.name, self.version
        );
        if !self.depends.is_empty() {
            text.push_str(&format!("Depends: {}\n", self.depends));
        }
        self.fields.iter().for_each(|field| text.push_str(&format!("{field}\n")));
        text.push_str(&format!("Description: {}, {SAYS}\n", self.name));
        text
    }
}

impl Content<'_> {
    fn put(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match self {
            Self::Link(target) => Ok(symlink(target, path)?),
            Self::Text(text) | Self::Config(text) => {
                fs::write(path, text)?;
                Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o644))?)
            }
            Self::Script(text) => {
                fs::write(path, text)?;
                Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
            }
            Self::Binary(source) => {
                fs::copy(source, path).with_context(|| format!("cannot copy {}", source.display()))?;
                Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
            }
        }
    }
}
