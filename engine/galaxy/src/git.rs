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
    if pointer.version.starts_with('-') {
        return Err(failed(format!("the revision `{}` is none of git's", pointer.version)));
    }
    let name = pointer.url.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next();
    let name = tempfile::Builder::new().prefix(name.unwrap_or("git")).tempdir_in(work);
    let folder = name.map_err(io(work))?.keep();
    let shown = folder.display().to_string();
    let head = pointer.version == "HEAD";
    let mut clone = vec!["clone"];
    clone.extend(head.then_some("--depth=1"));
    if context.ignore_certs {
        clone.extend(["-c", "http.sslVerify=false"]);
    }
    clone.extend(["--", &pointer.url, &shown]);
    run(&clone, None, &pointer.url).map_err(|error| {
        let told = format!("Failed to clone a Git repository from `{}`.", pointer.url);
        told_by(&told, error.said(('[', ']')))
    })?;
    let mut switch = Vec::new();
    if !head {
        switch.extend(["-c", "advice.detachedHead=false"]);
    }
    switch.extend(["checkout", &pointer.version]);
    run(&switch, Some(&folder), &pointer.url).map_err(|error| {
        let told = format!(
            "Failed to switch a cloned Git repo `{}` to the requested revision `{}`.",
            pointer.url, pointer.version
        );
        told_by(&told, error.said(('(', ')')))
    })?;
    if !crate::archive::stays_inside(Path::new(&pointer.folder)) {
        return Err(failed(format!("the folder `{}` is outside of the Git repository", pointer.folder)));
    }
    Ok(if pointer.folder.is_empty() { folder } else { folder.join(pointer.folder) })
}

/// A command that failed.
enum Failed {
    /// It could not be started.
    Missing(Diagnostic),
    /// Its words and its status.
    Status(Vec<String>, i32),
}

impl Failed {
    /// The cause, with the words between those brackets.
    fn said(self, (open, close): (char, char)) -> Result<Diagnostic, Diagnostic> {
        match self {
            Self::Missing(error) => Err(error),
            Self::Status(words, status) => {
                // The reference has no such word.
                let words = words.iter().filter(|word| *word != "--");
                let words = words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
                let text = format!("Command '{open}{words}{close}' returned non-zero exit status {status}.");
                Ok(Diagnostic::new(text))
            }
        }
    }
}

fn told_by(message: &str, cause: Result<Diagnostic, Diagnostic>) -> Diagnostic {
    match cause {
        Ok(cause) => Diagnostic::new(message).apart().because(cause.apart()),
        Err(error) => error,
    }
}

/// What git itself says goes where this program's output goes.
fn run(words: &[&str], folder: Option<&Path>, url: &str) -> Result<(), Failed> {
    let program = program();
    let mut command = Command::new(&program);
    command.args(words);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let all = std::iter::once(program).chain(words.iter().map(ToString::to_string));
            Err(Failed::Status(all.collect(), status.code().unwrap_or(-1)))
        }
        Err(_) => Err(Failed::Missing(failed(format!(
            "Could not find git executable to extract the collection from the Git repository `{url}`."
        )))),
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
        if let Some(version) = self.version.filter(|version| version.starts_with('-')) {
            return Err(failed(format!("the version '{version}' is none of git's")));
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
