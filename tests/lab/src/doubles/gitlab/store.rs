//! Users, projects and keys of the GitLab double.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Who and what there is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file that keeps the deploy keys for the next process; nothing is kept when absent.
    pub state_file: Option<PathBuf>,
    /// The users.
    pub users: Vec<User>,
    /// The projects.
    pub projects: Vec<Project>,
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The password, for the OAuth password grant.
    pub password: String,
    /// The tokens.
    pub tokens: Vec<Token>,
}

/// A token of a user.
#[derive(Clone, Debug)]
pub struct Token {
    /// The secret.
    pub secret: String,
    /// How it is sent.
    pub kind: TokenKind,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// The header that a token comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `PRIVATE-TOKEN`, or `Authorization: Bearer`.
    Personal,
    /// `Authorization: Bearer`.
    OAuth,
    /// `JOB-TOKEN`.
    Job,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything in the API.
    Api,
    /// Reading in the API.
    ReadApi,
    /// Nothing in the API: repositories only.
    ReadRepository,
}

/// A member's role in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees the project.
    Reporter,
    /// Writes code.
    Developer,
    /// May change deploy keys.
    Maintainer,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The number.
    pub id: u64,
    /// The path with its groups, `group/sub/project`.
    pub path: String,
    /// Members with their roles.
    pub members: Vec<(String, Role)>,
    /// Its deploy keys.
    pub keys: Vec<DeployKey>,
}

/// A deploy key of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployKey {
    /// The number.
    pub id: u64,
    /// The title.
    pub title: String,
    /// The public key as it was sent, without white space around it.
    pub key: String,
    /// Whether it may push.
    pub can_push: bool,
    /// When it ends to be valid, if ever.
    pub expires_at: Option<String>,
}

impl DeployKey {
    /// The key's bytes, when the text is a public key.
    fn blob(key: &str) -> Option<Vec<u8>> {
        let mut words = key.split_whitespace();
        let kind = words.next()?;
        let blob = BASE64_STANDARD.decode(words.next()?).ok()?;
        let length = usize::try_from(u32::from_be_bytes(blob.get(..4)?.try_into().ok()?)).ok()?;
        (blob.get(4..4 + length)? == kind.as_bytes()).then_some(blob)
    }

    /// `SHA256:…` of a public key; none for other text.
    pub(super) fn sha256(key: &str) -> Option<String> {
        Some(format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(Self::blob(key)?))))
    }

    pub(super) fn md5(key: &str) -> Option<String> {
        let sum = Md5::digest(Self::blob(key)?);
        let pairs: Vec<String> = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(pairs.join(":"))
    }
}

/// Everything with its counters.
pub(super) struct Store {
    pub(super) users: Vec<User>,
    pub(super) projects: Vec<Project>,
    last_key: u64,
    file: Option<PathBuf>,
}

impl Store {
    /// A store with what the settings say and what an earlier process kept. Errors when that cannot be understood.
    pub(super) fn new(settings: Settings) -> Result<Self> {
        let mut projects = settings.projects;
        if let Some(file) = settings.state_file.as_ref().filter(|file| file.exists()) {
            let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let mut kept: BTreeMap<String, Vec<DeployKey>> = serde_json::from_slice(&text)
                .with_context(|| format!("{} holds no deploy keys", file.display()))?;
            for project in &mut projects {
                project.keys = kept.remove(&project.path).unwrap_or_default();
            }
        }
        let last_key = projects.iter().flat_map(|project| &project.keys).map(|key| key.id).max();
        Ok(Self {
            users: settings.users,
            projects,
            last_key: last_key.unwrap_or(0),
            file: settings.state_file,
        })
    }

    /// Writes the deploy keys down. Errors when the file cannot be written.
    pub(super) fn save(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let keys: BTreeMap<&str, &[DeployKey]> =
            self.projects.iter().map(|project| (project.path.as_str(), project.keys.as_slice())).collect();
        let part = tempfile::NamedTempFile::new_in(file.parent().context("a file lies in a folder")?)?;
        serde_json::to_writer(&part, &keys)?;
        part.persist(file)?;
        Ok(())
    }

    /// A project by number or path.
    pub(super) fn project(&self, name: &str) -> Option<&Project> {
        self.projects
            .iter()
            .find(|project| project.path.eq_ignore_ascii_case(name) || project.id.to_string() == name)
    }

    pub(super) fn project_mut(&mut self, name: &str) -> Option<&mut Project> {
        let id = self.project(name)?.id;
        self.projects.iter_mut().find(|project| project.id == id)
    }

    pub(super) fn put(&mut self, project: &str, title: &str, key: &str, can_push: bool) -> Option<DeployKey> {
        self.last_key += 1;
        let made = DeployKey {
            id: self.last_key,
            title: title.to_owned(),
            key: key.trim().to_owned(),
            can_push,
            expires_at: None,
        };
        self.project_mut(project)?.keys.push(made.clone());
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_outlive_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project { id: 1, path: "a/b".to_owned(), members: Vec::new(), keys: Vec::new() };
        let settings = Settings {
            state_file: Some(folder.path().join("keys.json")),
            users: Vec::new(),
            projects: vec![project],
        };
        let mut store = Store::new(settings.clone()).expect("a store");
        let first = store.put("a/b", "one", "ssh-ed25519 AAAA", false).expect("a key");
        store.save().expect("a file");
        let mut store = Store::new(settings).expect("the store again");
        assert_eq!(store.project("a/b").expect("the project").keys, std::slice::from_ref(&first));
        assert_eq!(store.put("a/b", "two", "ssh-ed25519 BBBB", false).expect("a key").id, first.id + 1);
    }
}
