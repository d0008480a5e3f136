//! Logging in: keys of the key agent, keys of files, password, questions.

use std::{path::Path, sync::Arc, time::Duration};

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Answer},
    keys::{
        HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey,
        agent::{AgentIdentity, client::AgentClient},
    },
};
use tokio::net::UnixStream;

use super::{
    connect::Client,
    keys::{self, KeyError},
    settings::Settings,
};
use crate::{ConnectionError, SshOptions};

/// How long the key agent may take to answer; it may ask its user.
const AGENT_PATIENCE: Duration = Duration::from_secs(30);

/// One login.
pub(crate) struct Login<'a> {
    pub(crate) handle: &'a mut Handle<Client>,
    pub(crate) settings: &'a Settings,
    pub(crate) options: &'a SshOptions,
    /// The host's key is not the known one: passwords are not given.
    pub(crate) distrusted: bool,
    pub(crate) methods: Option<MethodSet>,
    /// What could not be used, for the message.
    pub(crate) notes: Vec<String>,
}

type Tried = Result<bool, ConnectionError>;

impl Login<'_> {
    /// Try everything there is, in OpenSSH's order.
    ///
    /// # Errors
    /// When nothing was accepted, in the words of `ssh`.
    pub(crate) async fn run(mut self) -> Result<(), ConnectionError> {
        let user = self.settings.user.clone();
        let first = self.handle.authenticate_none(user).await;
        if self.accepted(first)? {
            return Ok(());
        }
        if self.settings.public_key && self.offered(MethodKind::PublicKey) && self.public_keys().await? {
            return Ok(());
        }
        if self.options.password.is_some() && !self.distrusted {
            if self.settings.interactive
                && self.offered(MethodKind::KeyboardInteractive)
                && self.questions().await?
            {
                return Ok(());
            }
            if self.settings.password && self.offered(MethodKind::Password) && self.password().await? {
                return Ok(());
            }
        }
        Err(self.denied())
    }

    fn denied(&self) -> ConnectionError {
        let names = [
            (MethodKind::PublicKey, "publickey"),
            (MethodKind::Password, "password"),
            (MethodKind::KeyboardInteractive, "keyboard-interactive"),
            (MethodKind::HostBased, "hostbased"),
        ];
        let offered: Vec<_> = match &self.methods {
            Some(methods) => methods
                .iter()
                .filter_map(|kind| names.iter().find(|(k, _)| k == kind))
                .map(|(_, n)| *n)
                .collect(),
            None => Vec::new(),
        };
        let mut text = self.notes.join("\r\n");
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let (user, host) = (&self.settings.user, &self.settings.host);
        ConnectionError::Auth(format!("{text}{user}@{host}: Permission denied ({}).", offered.join(",")))
    }

    fn offered(&self, method: MethodKind) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.contains(&method))
    }

    fn accepted(&mut self, result: Result<AuthResult, russh::Error>) -> Tried {
        match result {
            Ok(AuthResult::Success) => Ok(true),
            Ok(AuthResult::Failure { remaining_methods, .. }) => {
                self.methods = Some(remaining_methods);
                Ok(false)
            }
            Err(e) => Err(self.ended(&e)),
        }
    }

    /// The server hung up: too many tries, or an account that may not log in.
    fn ended(&self, error: &russh::Error) -> ConnectionError {
        let (user, host, port) = (&self.settings.user, &self.settings.host, self.settings.port);
        match error {
            russh::Error::Disconnect
            | russh::Error::HUP
            | russh::Error::SendError
            | russh::Error::RecvError => ConnectionError::Auth(format!(
                "{user}@{host}: Permission denied: the server closed the connection while logging in (port {port})"
            )),
            other => ConnectionError::Unreachable(format!("ssh: connection to {host} port {port}: {other}")),
        }
    }

    async fn public_keys(&mut self) -> Tried {
        let mut files = self.file_keys();
        if let Some(path) = self.settings.key_agent.clone() {
            match tokio::time::timeout(AGENT_PATIENCE, self.agent_keys(&path, &mut files)).await {
                Ok(result) => {
                    if result? {
                        return Ok(true);
                    }
                }
                Err(_) => self.notes.push("the key agent does not answer".to_string()),
            }
        }
        for (path, key) in files {
            if self.file_key(path.as_deref(), key).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keys that were named or are in the usual places.
    fn file_keys(&mut self) -> Vec<(Option<std::path::PathBuf>, Arc<PrivateKey>)> {
        let mut found = Vec::new();
        let passphrase = self.options.passphrase.as_ref();
        if let Some(text) = &self.options.private_key {
            match keys::from_text(text.reveal(), passphrase) {
                Ok(key) => found.push((None, key)),
                Err(e) => self.notes.push(format!("the private key of the variables: {e}")),
            }
        }
        for path in &self.settings.identities {
            match keys::from_file(path, passphrase) {
                Ok(key) => found.push((Some(path.clone()), key)),
                Err(KeyError::Missing) if self.settings.identities_named => {
                    self.notes
                        .push(format!("no such identity: {}: No such file or directory", path.display()));
                }
                Err(KeyError::Missing) => {}
                Err(KeyError::Bad(_)) if !self.settings.identities_named => {}
                Err(KeyError::Bad(e)) => self.notes.push(format!("Load key \"{}\": {e}", path.display())),
            }
        }
        found
    }

    async fn file_key(&mut self, path: Option<&Path>, key: Arc<PrivateKey>) -> Tried {
        let user = self.settings.user.clone();
        if let Some(certificate) = keys::certificate(&key, path, &self.settings.certificates) {
            let result = self.handle.authenticate_openssh_cert(user.clone(), key.clone(), certificate).await;
            if self.accepted(result)? {
                return Ok(true);
            }
        }
        let hash = self.rsa_hash(key.algorithm().is_rsa()).await;
        let result = self.handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await;
        self.accepted(result)
    }

    /// The hash that the server wants RSA signatures made with.
    async fn rsa_hash(&self, is_rsa: bool) -> Option<HashAlg> {
        if !is_rsa {
            return None;
        }
        match self.handle.best_supported_rsa_hash().await {
            Ok(Some(hash)) => hash,
            _ => Some(HashAlg::Sha512),
        }
    }

    /// Keys of the key agent: those that were named first, the others unless only named ones may be used. A key that
    /// was tried is taken out of `files`.
    async fn agent_keys(
        &mut self,
        socket: &Path,
        files: &mut Vec<(Option<std::path::PathBuf>, Arc<PrivateKey>)>,
    ) -> Tried {
        let Ok(mut agent) = AgentClient::connect_uds(socket).await else { return Ok(false) };
        let Ok(identities) = agent.request_identities().await else { return Ok(false) };
        let named = self.named_keys(files);
        let is_named = |identity: &AgentIdentity| {
            named.iter().any(|key| key.key_data() == identity.public_key().key_data())
        };
        let (mut ordered, others): (Vec<_>, Vec<_>) = identities.into_iter().partition(is_named);
        if !self.settings.identities_only {
            ordered.extend(others);
        }
        for identity in ordered {
            if self.agent_key(&mut agent, &identity).await? {
                return Ok(true);
            }
            let tried = identity.public_key().into_owned();
            files.retain(|(_, key)| key.public_key().key_data() != tried.key_data());
        }
        Ok(false)
    }

    /// Public keys of the identity files, also of those whose private part cannot be opened.
    fn named_keys(&self, files: &[(Option<std::path::PathBuf>, Arc<PrivateKey>)]) -> Vec<PublicKey> {
        let mut named: Vec<_> = files.iter().map(|(_, key)| key.public_key().clone()).collect();
        for path in &self.settings.identities {
            let mut public = path.as_os_str().to_owned();
            public.push(".pub");
            named.extend(
                [Path::new(&public), path].iter().filter_map(|file| russh::keys::load_public_key(file).ok()),
            );
        }
        named
    }

    async fn agent_key(&mut self, agent: &mut AgentClient<UnixStream>, identity: &AgentIdentity) -> Tried {
        let user = self.settings.user.clone();
        let hash = self.rsa_hash(identity.public_key().algorithm().is_rsa()).await;
        let result = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                self.handle.authenticate_publickey_with(user, key.clone(), hash, agent).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate.clone(), hash, agent).await
            }
        };
        match result {
            Ok(result) => self.accepted(Ok(result)),
            // The agent would not sign, which is no reason not to try the next key.
            Err(e) => {
                self.notes.push(format!("the key agent refused to sign: {e}"));
                Ok(false)
            }
        }
    }

    async fn password(&mut self) -> Tried {
        let password =
            self.options.password.as_ref().map(|secret| secret.reveal().to_string()).unwrap_or_default();
        let result = self.handle.authenticate_password(self.settings.user.clone(), password).await;
        self.accepted(result)
    }

    /// Answer the server's hidden questions with the password, once; a second round means that it was wrong.
    async fn questions(&mut self) -> Tried {
        let password =
            self.options.password.as_ref().map(|secret| secret.reveal().to_string()).unwrap_or_default();
        let user = self.settings.user.clone();
        let mut answer = self.handle.authenticate_keyboard_interactive_start(user, None).await;
        let mut given = false;
        loop {
            match answer {
                Ok(Answer::Success) => return Ok(true),
                Ok(Answer::Failure { remaining_methods, .. }) => {
                    self.methods = Some(remaining_methods);
                    return Ok(false);
                }
                Ok(Answer::InfoRequest { prompts, .. }) => {
                    let hidden = prompts.iter().any(|prompt| !prompt.echo);
                    let fill = |echo: bool| if echo || given { String::new() } else { password.clone() };
                    let answers = prompts.iter().map(|prompt| fill(prompt.echo)).collect();
                    given |= hidden;
                    answer = self.handle.authenticate_keyboard_interactive_respond(answers).await;
                }
                Err(e) => return Err(self.ended(&e)),
            }
        }
    }
}
