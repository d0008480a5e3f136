//! From settings to an open connection: address, proxy, host key, login.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use russh::{
    client::{self, Handle},
    keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    Session,
    auth::Login,
    known_hosts::{self, KnownHost, Verdict},
    settings::{self, Settings, Strict},
};
use crate::{ConnectionError, SshOptions};

/// Connect, through the jumps when there are any, and log in.
pub(crate) async fn open(
    settings: Settings,
    options: &SshOptions,
    limit: Duration,
) -> Result<Session, ConnectionError> {
    let mut jumps: Vec<Arc<Session>> = Vec::new();
    for jump in &settings.jumps {
        let hop = settings::of_jump(jump, limit)?;
        // Variables of the target are not those of the machines on the way; keys and the key agent are.
        let hop_options = SshOptions {
            passphrase: options.passphrase.clone(),
            private_key: options.private_key.clone(),
            ..SshOptions::to(&hop.host)
        };
        let session = one(hop, &hop_options, jumps.last()).await?;
        jumps.push(Arc::new(Session { handle: session, _jumps: jumps.clone() }));
    }
    let handle = one(settings, options, jumps.last()).await?;
    Ok(Session { handle, _jumps: jumps })
}

/// One connection, over the last jump when there is one.
async fn one(
    settings: Settings,
    options: &SshOptions,
    over: Option<&Arc<Session>>,
) -> Result<Handle<Client>, ConnectionError> {
    let limit = settings.connect_timeout;
    let (host, port) = (settings.host.clone(), settings.port);
    let slow = move |_| {
        ConnectionError::Unreachable(format!("ssh: connect to host {host} port {port}: Connection timed out"))
    };
    match (over, &settings.proxy_command) {
        (Some(session), _) => {
            let (host, port) = (settings.host.clone(), u32::from(settings.port));
            let opened = session.handle.channel_open_direct_tcpip(host, port, "127.0.0.1", 0);
            let channel = timeout(limit, opened).await.map_err(&slow)?.map_err(|e| {
                ConnectionError::Unreachable(format!(
                    "ssh: connect to host {} port {port}: {e}",
                    settings.host
                ))
            })?;
            login(settings, options, channel.into_stream()).await
        }
        (None, Some(command)) => {
            let child = proxy(command)?;
            login(settings, options, child).await
        }
        (None, None) => {
            let stream = timeout(limit, dial(&settings)).await.map_err(&slow)??;
            login(settings, options, stream).await
        }
    }
}

/// Exchange keys, check the host's, log in.
async fn login<S>(
    settings: Settings,
    options: &SshOptions,
    stream: S,
) -> Result<Handle<Client>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (host, port) = (settings.host.clone(), settings.port);
    let slow = |_| {
        ConnectionError::Unreachable(format!(
            "Connection timed out during banner exchange with {host} port {port}"
        ))
    };
    let known = KnownHost::read(&settings);
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let config = Arc::new(config(&settings, &known));
    let client = Client { settings: settings.clone(), known, outcome: outcome.clone() };
    let connected = timeout(settings.connect_timeout, client::connect_stream(config, stream, client));
    let read = || outcome.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut handle = match connected.await.map_err(slow)? {
        Ok(handle) => handle,
        Err(e) => return Err(read().refused.unwrap_or_else(|| exchange_failed(&settings, &e))),
    };
    let distrusted = read().distrusted;
    let (handle_ref, notes) = (&mut handle, Vec::new());
    let login = Login { handle: handle_ref, settings: &settings, options, distrusted, methods: None, notes };
    // Servers delay refusals, and several keys may be tried one after the other.
    let patience = settings.connect_timeout.max(Duration::from_secs(10)) * 3;
    let late = |_| ConnectionError::Unreachable(format!("Timed out while logging in to {host} port {port}"));
    timeout(patience, login.run()).await.map_err(late)??;
    Ok(handle)
}

fn exchange_failed(settings: &Settings, error: &russh::Error) -> ConnectionError {
    let (host, port) = (&settings.host, settings.port);
    ConnectionError::Unreachable(match error {
        russh::Error::Disconnect | russh::Error::HUP => {
            "kex_exchange_identification: Connection closed by remote host".to_string()
        }
        russh::Error::IO(e) => format!("kex_exchange_identification: {}", reason(e)),
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            let what = format!("{kind:?}").to_lowercase();
            format!(
                "Unable to negotiate with {host} port {port}: no matching {what} found. Their offer: {}",
                theirs.join(",")
            )
        }
        other => format!("Connection to {host} port {port} failed: {other}"),
    })
}

fn config(settings: &Settings, known: &KnownHost) -> client::Config {
    let mut preferred = russh::Preferred::default();
    let fast = [russh::cipher::AES_128_GCM, russh::cipher::AES_256_GCM];
    let rest = preferred.cipher.iter().copied().filter(|cipher| !fast.contains(cipher));
    preferred.cipher = fast.iter().copied().chain(rest).collect();
    if !known.authorities.is_empty() {
        let kinds = [
            Algorithm::Ed25519,
            Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
            Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
        ];
        let curves =
            preferred.key.iter().filter(|algorithm| matches!(algorithm, Algorithm::Ecdsa { .. })).cloned();
        preferred.host_key_certificates = kinds.into_iter().chain(curves).collect();
    }
    preferred.key = known.order(&preferred.key).into();
    client::Config {
        preferred,
        window_size: 16 * 1024 * 1024,
        maximum_packet_size: 65535,
        nodelay: true,
        keepalive_interval: Some(Duration::from_secs(settings.alive.0)),
        keepalive_max: settings.alive.1,
        ..client::Config::default()
    }
}

async fn dial(settings: &Settings) -> Result<TcpStream, ConnectionError> {
    let (host, port) = (settings.host.as_str(), settings.port);
    let unresolved = |e: std::io::Error| {
        let text = reason(&e);
        let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_string();
        ConnectionError::Unreachable(format!("ssh: Could not resolve hostname {host}: {text}"))
    };
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(unresolved)?;
    let mut last = None;
    for address in addresses.filter(|address| settings.only_v4.is_none_or(|v4| address.is_ipv4() == v4)) {
        match reach(address, settings.bind.as_deref()).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(e) => last = Some(e),
        }
    }
    let text = last.map_or_else(|| "Address family for hostname not supported".to_string(), |e| reason(&e));
    Err(ConnectionError::Unreachable(format!("ssh: connect to host {host} port {port}: {text}")))
}

async fn reach(address: SocketAddr, bind: Option<&str>) -> std::io::Result<TcpStream> {
    let Some(bind) = bind else { return TcpStream::connect(address).await };
    let from: std::net::IpAddr =
        bind.parse().map_err(|_| std::io::Error::other("BindAddress is not an address"))?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(address).await
}

/// An error of the system in its own words, without the number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_string()
}

/// A command whose streams are the connection.
fn proxy(command: &str) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>, ConnectionError> {
    let mut shell = tokio::process::Command::new("/bin/sh");
    shell.args(["-c", &format!("exec {command}")]);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .process_group(0);
    let failed =
        |e: std::io::Error| ConnectionError::Unreachable(format!("the ProxyCommand cannot be started: {e}"));
    let mut child = shell.spawn().map_err(failed)?;
    let missing = || failed(std::io::Error::other("no pipe"));
    let (input, output) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
    Ok(Proxy { streams: tokio::io::join(output, input), _child: child })
}

struct Proxy {
    streams: tokio::io::Join<tokio::process::ChildStdout, tokio::process::ChildStdin>,
    _child: tokio::process::Child,
}

impl AsyncRead for Proxy {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        out: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.streams).poll_read(cx, out)
    }
}

impl AsyncWrite for Proxy {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.streams).poll_write(cx, bytes)
    }
    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.streams).poll_flush(cx)
    }
    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.streams).poll_shutdown(cx)
    }
}

/// What the key check found.
#[derive(Debug, Clone, Default)]
struct Outcome {
    refused: Option<ConnectionError>,
    distrusted: bool,
}

/// The side of russh that asks us about the host's key.
pub(crate) struct Client {
    settings: Settings,
    known: KnownHost,
    outcome: Arc<Mutex<Outcome>>,
}

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let checked = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.check(key),
            PublicKeyOrCertificate::Certificate(certificate) => self.check_certificate(certificate),
        };
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match checked {
            Ok(trusted) => outcome.distrusted = !trusted,
            Err(text) => {
                let text = format!("{text}\r\nHost key verification failed.");
                outcome.refused = Some(ConnectionError::Unreachable(text));
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Client {
    /// Whether the key may be used, and if so whether it is trusted.
    fn check(&self, key: &PublicKey) -> Result<bool, String> {
        let (name, strict) = (&self.settings.key_name, self.settings.strict);
        let kind = kind(key);
        match self.known.judge(key) {
            Verdict::Known => Ok(true),
            Verdict::Revoked => {
                Err(format!("{kind} host key for {name} was revoked and you have requested strict checking."))
            }
            Verdict::Unknown if strict == Strict::Yes => {
                Err(format!("No {kind} host key is known for {name} and you have requested strict checking."))
            }
            Verdict::Unknown => {
                // A key that cannot be stored is met as unknown again next time; the run goes on.
                let _ = known_hosts::learn(&self.settings, key, rand::random());
                Ok(true)
            }
            Verdict::Changed(..) if strict == Strict::No => Ok(false),
            Verdict::Changed(file, line) => Err(format!(
                "REMOTE HOST IDENTIFICATION HAS CHANGED! The {kind} key sent by the remote host is\r\n{}.\r\nOffending {kind} key in {}:{line}\r\nHost key for {name} has changed and you have requested strict checking.",
                key.fingerprint(HashAlg::Sha256),
                file.display()
            )),
        }
    }

    /// A certificate counts when an authority for this host signed it for this name; otherwise its key alone does.
    fn check_certificate(&self, certificate: &Certificate) -> Result<bool, String> {
        let key = PublicKey::new(certificate.public_key().clone(), "");
        let authorities: Vec<_> =
            self.known.authorities.iter().map(|entry| entry.key.fingerprint(HashAlg::Sha256)).collect();
        let revoked = |key: &PublicKey| self.known.judge(key) == Verdict::Revoked;
        let signer = PublicKey::new(certificate.signature_key().clone(), "");
        if revoked(&key) || revoked(&signer) {
            return Err(format!("{} host key for {} was revoked.", kind(&key), self.settings.key_name));
        }
        let name = &self.settings.key_name;
        let bare = name
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or(name.as_str(), |(host, _)| host);
        let principals = certificate.valid_principals();
        let fits = principals.iter().any(|principal| super::pattern::fits(&principal.to_lowercase(), bare));
        let for_hosts = certificate.cert_type() == russh::keys::ssh_key::certificate::CertType::Host;
        let plain = certificate.critical_options().is_empty();
        if for_hosts && plain && fits && certificate.validate(&authorities).is_ok() {
            return Ok(true);
        }
        self.check(&key)
    }
}

/// The kind of a key as `ssh` speaks of it.
fn kind(key: &PublicKey) -> &'static str {
    match key.algorithm() {
        Algorithm::Ed25519 => "ED25519",
        Algorithm::Rsa { .. } => "RSA",
        Algorithm::Ecdsa { .. } => "ECDSA",
        Algorithm::SkEd25519 => "ED25519-SK",
        Algorithm::SkEcdsaSha2NistP256 => "ECDSA-SK",
        _ => "unknown",
    }
}
