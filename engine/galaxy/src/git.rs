//! Collections and roles out of git, through the git program.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rustible_source::Diagnostic;

use crate::{
    context::{Context, failed},
    paths::io,
};

/// A repository as it is written: `git+URL#folder,version`.
struct Pointer {
    url: String,
    version: String,
    folder: String,
}

fn parse(source: &str, version: &str) -> Pointer {
    let (source, version) = match source.split_once(',') {
        Some((source, version)) => (source, version),
        None if version == "*" || version.is_empty() => (source, "HEAD"),
        None => (source, version),
    };
    let path = source.strip_prefix("git+").unwrap_or(source);
    let (url, folder) = path.split_once('#').unwrap_or((path, ""));
    Pointer { url: url.into(), version: version.into(), folder: folder.trim_matches('/').into() }
}

/// Clone a repository into a new folder below `work`; the folder of the collection in it.
pub(crate) fn checkout(
    source: &str,
    version: &str,
    work: &Path,
    context: &Context<'_>,
) -> Result<PathBuf, Diagnostic> {
    let pointer = parse(source, version);
    let folder = tempfile::Builder::new().prefix("git").tempdir_in(work).map_err(io(work))?.keep();
    let mut clone = Command::new("git");
    clone.arg("clone");
    if pointer.version == "HEAD" {
        clone.arg("--depth=1");
    }
    if context.ignore_certs {
        clone.args(["-c", "http.sslVerify=false"]);
    }
    clone.arg("--").arg(&pointer.url).arg(&folder);
    if !succeeds(&mut clone, &pointer.url)? {
        return Err(failed(format!("Failed to clone a Git repository from `{}`.", pointer.url)));
    }
    let mut switch = Command::new("git");
    if pointer.version != "HEAD" {
        switch.args(["-c", "advice.detachedHead=false"]);
    }
    if pointer.version.starts_with('-') {
        return Err(failed(format!("the revision `{}` is none of git's", pointer.version)));
    }
    switch.arg("checkout").arg(&pointer.version).current_dir(&folder);
    if !succeeds(&mut switch, &pointer.url)? {
        return Err(failed(format!(
            "Failed to switch a cloned Git repo `{}` to the requested revision `{}`.",
            pointer.url, pointer.version
        )));
    }
    if !crate::archive::stays_inside(Path::new(&pointer.folder)) {
        return Err(failed(format!("the folder `{}` is outside of the Git repository", pointer.folder)));
    }
    Ok(if pointer.folder.is_empty() { folder } else { folder.join(pointer.folder) })
}

/// What git itself says goes where this program's output goes.
fn succeeds(command: &mut Command, url: &str) -> Result<bool, Diagnostic> {
    match command.status() {
        Ok(status) => Ok(status.success()),
        Err(_) => Err(failed(format!(
            "Could not find git executable to extract the collection from the Git repository `{url}`."
        ))),
    }
}

/// A role's repository as an archive below `work`.
pub(crate) struct RoleSource<'a> {
    /// `git`; anything else is refused.
    pub(crate) scm: &'a str,
    /// The repository.
    pub(crate) src: &'a str,
    /// The role's name, the folder in the archive.
    pub(crate) name: &'a str,
    /// Branch, tag or commit; nothing for the repository's own.
    pub(crate) version: Option<&'a str>,
    /// Keep `.git`.
    pub(crate) keep: bool,
}

impl RoleSource<'_> {
    /// Clone and pack; the archive's path.
    pub(crate) fn pack(&self, work: &Path, context: &Context<'_>) -> Result<PathBuf, Diagnostic> {
        if self.scm == "hg" {
            return Err(failed("roles in Mercurial (hg) are not supported by rustible"));
        }
        if self.scm != "git" {
            return Err(failed(format!("- scm {} is not currently supported", self.scm)));
        }
        let folder = tempfile::Builder::new().prefix("role").tempdir_in(work).map_err(io(work))?.keep();
        let mut clone: Vec<&str> = vec!["clone"];
        if context.ignore_certs {
            clone.extend(["-c", "http.sslVerify=false"]);
        }
        clone.extend(["--", self.src, self.name]);
        git(&clone, &folder)?;
        let inside = folder.join(self.name);
        if let Some(version) = self.version {
            git(&["checkout", version], &inside)?;
        }
        let archive = folder.join("role.tar");
        let output = format!("--output={}", archive.display());
        let prefix = format!("--prefix={}/", self.name);
        if self.keep {
            let file = std::fs::File::create(&archive).map_err(io(&archive))?;
            let mut builder = tar::Builder::new(file);
            builder.follow_symlinks(false);
            builder.append_dir_all(self.name, &inside).map_err(io(&archive))?;
            builder.finish().map_err(io(&archive))?;
        } else {
            git(&["archive", &prefix, &output, self.version.unwrap_or("HEAD")], &inside)?;
        }
        Ok(archive)
    }
}

fn git(words: &[&str], folder: &Path) -> Result<Output, Diagnostic> {
    let program = program();
    let ran = format!("{program} {}", words.join(" "));
    let output = Command::new(&program).args(words).current_dir(folder).output();
    let output = output.map_err(|error| failed(format!("when executing {ran}: {error}")))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(failed(format!(
        "- command {ran} failed in directory {} (rc={}) - {}",
        folder.display(),
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// The complete path of git, as errors name it.
fn program() -> String {
    let folders = std::env::var("PATH").unwrap_or_default();
    let found =
        folders.split(':').map(|folder| format!("{folder}/git")).find(|path| Path::new(path).is_file());
    found.unwrap_or_else(|| "git".into())
}
