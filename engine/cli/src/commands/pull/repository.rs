//! A working copy of a git repository, kept by the git program.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use rustible_source::Diagnostic;

/// What is fetched, where to, and how.
pub(super) struct Repository {
    pub(super) url: String,
    pub(super) folder: PathBuf,
    /// Branch, tag or commit; the repository's own head when there is none.
    pub(super) version: Option<String>,
    /// With the whole history.
    pub(super) full: bool,
    /// Unknown host keys are trusted.
    pub(super) accept_host_key: bool,
    /// The commit's signature must be good.
    pub(super) verify: bool,
    /// Changes of the working copy are thrown away.
    pub(super) clean: bool,
    /// Submodules are taken at their newest.
    pub(super) track: bool,
}

/// What became of the working copy.
pub(super) struct Update {
    /// The commit before; `None` when there was no working copy.
    pub(super) before: Option<String>,
    /// The commit now.
    pub(super) after: String,
    /// The address has changed.
    pub(super) moved: bool,
    /// Changes were thrown away.
    cleaned: bool,
}

impl Update {
    /// Whether anything did.
    pub(super) fn changed(&self) -> bool {
        self.before.as_ref() != Some(&self.after) || self.moved || self.cleaned
    }
}

impl Repository {
    /// Bring the working copy to what the repository has.
    ///
    /// # Errors
    /// What git says; changes of the working copy that nobody allows to throw away; a signature that is not good.
    pub(super) fn update(&self) -> Result<Update, Diagnostic> {
        let there = self.folder.join(".git").exists();
        let before = if there { Some(self.git(&["rev-parse", "HEAD"])?) } else { None };
        let mut moved = false;
        let mut cleaned = false;
        if there {
            let known = self.git(&["config", "--get", "remote.origin.url"]).unwrap_or_default();
            moved = known != self.url;
            if moved {
                self.git(&["remote", "set-url", "origin", &self.url])?;
            }
            if !self.git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
                if !self.clean {
                    return Err(Diagnostic::new(format!(
                        "Local modifications exist in the destination: {} (--clean throws them away).",
                        self.folder.display()
                    )));
                }
                self.git(&["reset", "--hard", "--quiet"])?;
                cleaned = true;
            }
        } else {
            std::fs::create_dir_all(&self.folder).map_err(|error| {
                Diagnostic::new(format!("cannot make {}: {error}", self.folder.display()))
            })?;
            self.git(&["init", "--quiet"])?;
            self.git(&["remote", "add", "origin", &self.url])?;
        }
        self.fetch()?;
        if self.verify {
            self.git(&["verify-commit", "FETCH_HEAD"])?;
        }
        self.git(&["checkout", "--quiet", "--force", "--detach", "FETCH_HEAD"])?;
        let mut modules = vec!["submodule", "update", "--init", "--recursive", "--quiet"];
        modules.extend(self.track.then_some("--remote"));
        if self.folder.join(".gitmodules").exists() {
            self.git(&modules)?;
        }
        Ok(Update { before, after: self.git(&["rev-parse", "HEAD"])?, moved, cleaned })
    }

    fn fetch(&self) -> Result<(), Diagnostic> {
        let version = self.version.as_deref().unwrap_or("HEAD");
        let shallow = self.folder.join(".git/shallow").exists();
        let mut words = vec!["fetch", "--quiet", "--force"];
        match (self.full, shallow) {
            (false, _) => words.extend(["--depth", "1"]),
            (true, true) => words.push("--unshallow"),
            (true, false) => {}
        }
        words.extend(["origin", version]);
        match self.git(&words) {
            Ok(_) => Ok(()),
            // Short names of commits can be looked up only where all of them are.
            Err(error) if self.version.is_some() => {
                let mut all = vec!["fetch", "--quiet", "--force", "--tags"];
                all.extend(shallow.then_some("--unshallow"));
                all.extend(["origin", "+refs/heads/*:refs/remotes/origin/*"]);
                self.git(&all)?;
                let commit =
                    self.git(&["rev-parse", "--verify", "--quiet", &format!("{version}^{{commit}}")]);
                let commit = commit.map_err(|_| error)?;
                std::fs::write(self.folder.join(".git/FETCH_HEAD"), format!("{commit}\n"))
                    .map_err(|error| Diagnostic::new(format!("cannot note the commit: {error}")))
            }
            Err(error) => Err(error),
        }
    }

    fn git(&self, words: &[&str]) -> Result<String, Diagnostic> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(words).env("GIT_TERMINAL_PROMPT", "0");
        if self.accept_host_key {
            command.env("GIT_SSH_COMMAND", "ssh -o StrictHostKeyChecking=accept-new");
        }
        let output = command
            .output()
            .map_err(|error| Diagnostic::new(format!("cannot run the git program: {error}")))?;
        if !output.status.success() {
            return Err(Diagnostic::new(String::from_utf8_lossy(&output.stderr).trim().to_string()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
    }
}

/// This host's names: the long one and the short one.
pub(super) fn host_names() -> Vec<String> {
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_string();
    let mut names = Vec::new();
    if let Some(long) = long_name(Path::new("/etc/hosts"), &own) {
        names.push(long);
    }
    names.push(own.split('.').next().unwrap_or_default().to_string());
    names.push(own);
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    names
}

/// The first name of a line that has this name, when it has a domain.
fn long_name(hosts: &Path, own: &str) -> Option<String> {
    let text = std::fs::read_to_string(hosts).ok()?;
    let mut lines =
        text.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace().skip(1));
    let found = lines.find_map(|names| {
        let names: Vec<&str> = names.collect();
        names.contains(&own).then(|| names[0].to_string())
    })?;
    found.contains('.').then_some(found)
}
