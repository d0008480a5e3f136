//! HTTP from the target: blocking, TLS with the system's authorities.

use std::{
    io::Read,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::blocking::{Body, Client};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

use crate::{Failure, Host, Result};

/// Where systems keep their authorities.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// How to reach servers.
#[derive(Debug, Clone)]
pub struct Http {
    /// Seconds for connecting, and for each silence while reading.
    pub timeout: u64,
    /// Whether servers must prove who they are.
    pub validate_certs: bool,
    /// A file of authorities, or their text, instead of the system's.
    pub ca: Option<String>,
    /// Text of the client's certificate and key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// Whether proxies of the environment are used.
    pub use_proxy: bool,
    /// How many redirections are followed.
    pub redirects: usize,
    /// Whether only reading requests are redirected.
    pub redirect_safe_only: bool,
    /// `User-Agent`.
    pub agent: String,
}
impl Default for Http {
    fn default() -> Self {
        Self {
            timeout: 10,
            validate_certs: true,
            ca: None,
            identity: None,
            use_proxy: true,
            redirects: 10,
            redirect_safe_only: false,
            agent: "ansible-httpget".to_string(),
        }
    }
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET` when empty.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<Vec<u8>>,
    /// Name and password, sent at once.
    pub basic: Option<(String, String)>,
}

/// An answer; the body is read from it.
pub struct Response {
    /// The status.
    pub status: u16,
    /// Its phrase.
    pub reason: String,
    /// Where it came from in the end.
    pub url: String,
    /// Header lines; names in lower case.
    pub headers: Vec<(String, String)>,
    body: reqwest::blocking::Response,
}
impl Response {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
    /// All of the body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn bytes(mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.body.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
impl Read for Response {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.body.read(out)
    }
}

impl Host {
    /// Send a request. In check mode only `GET` and `HEAD` may be sent.
    ///
    /// # Errors
    /// When there is no answer, whatever its status would be, or it may not be sent.
    pub fn http(&self, how: &Http, request: &Request) -> Result<Response> {
        self.still_wanted()?;
        let method = if request.method.is_empty() { "GET" } else { &request.method };
        if self.check_mode() && !matches!(method, "GET" | "HEAD") {
            return Err(Failure::new(format!("{method} {} may not be sent in check mode", request.url)));
        }
        let client = self.client(how)?;
        let bad = |e: &dyn std::fmt::Display| Failure::new(format!("{e}")).with("url", request.url.as_str());
        let verb = reqwest::Method::from_bytes(method.as_bytes()).map_err(|e| bad(&e))?;
        let mut sent = client.request(verb, request.url.as_str());
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some((user, password)) = &request.basic {
            sent = sent.basic_auth(user, Some(password));
        }
        if let Some(body) = &request.body {
            sent = sent.body(Body::from(body.clone()));
        }
        let answer =
            sent.send().map_err(|e| bad(&format!("Request failed: {}", causes(&e))).with("status", -1))?;
        let status = answer.status();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
        Ok(Response {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_string(),
            url: answer.url().to_string(),
            headers: headers.collect(),
            body: answer,
        })
    }

    /// A client for many requests, for modules that speak to one server.
    ///
    /// # Errors
    /// When authorities or the client's certificate cannot be read.
    pub fn client(&self, how: &Http) -> Result<Client> {
        let redirects = how.redirects;
        let safe_only = how.redirect_safe_only;
        let policy = reqwest::redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > redirects || (safe_only && redirects == 0) {
                return attempt.stop();
            }
            attempt.follow()
        });
        let timeout = Duration::from_secs(how.timeout.max(1));
        let mut builder = Client::builder()
            .tls_backend_preconfigured(self.tls(how)?)
            .user_agent(&how.agent)
            .connect_timeout(timeout)
            .timeout(timeout)
            .redirect(policy);
        if !how.use_proxy {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|e| Failure::new(format!("no HTTP client: {}", causes(&e))))
    }

    fn tls(&self, how: &Http) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| Failure::new(format!("no TLS: {e}")))?;
        let builder = if how.validate_certs {
            builder.with_root_certificates(self.authorities(how)?)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        };
        let Some((certificate, key)) = &how.identity else { return Ok(builder.with_no_client_auth()) };
        let bad =
            |e: &dyn std::fmt::Display| Failure::new(format!("the client's certificate cannot be used: {e}"));
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(|e| bad(&e))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| bad(&e))?;
        builder.with_client_auth_cert(chain, key).map_err(|e| bad(&e))
    }

    fn authorities(&self, how: &Http) -> Result<Arc<RootCertStore>> {
        static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
        let own = match &how.ca {
            Some(text) if text.contains("-----BEGIN") => Some(text.clone().into_bytes()),
            Some(file) => {
                Some(self.read(file)?.ok_or_else(|| Failure::new(format!("{file} does not exist")))?)
            }
            None => match self.env("SSL_CERT_FILE") {
                Some(file) => self.read(file)?,
                None => None,
            },
        };
        if let Some(own) = own {
            return Ok(Arc::new(store(&own)));
        }
        if let Some(system) = SYSTEM.get() {
            return Ok(system.clone());
        }
        for bundle in BUNDLES {
            if let Some(bytes) = self.read(bundle)? {
                return Ok(SYSTEM.get_or_init(|| Arc::new(store(&bytes))).clone());
            }
        }
        Ok(Arc::new(RootCertStore::empty()))
    }
}

fn store(pem: &[u8]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).flatten());
    store
}

/// Why there was no answer: the system's word when it has one, as Python shows it; otherwise everything behind the error.
fn causes(e: &(dyn std::error::Error + 'static)) -> String {
    let mut text = e.to_string();
    if e.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
        return "<urlopen error timed out>".to_string();
    }
    let mut next = e.source();
    while let Some(cause) = next {
        if let Some(system) = cause.downcast_ref::<std::io::Error>().filter(|e| e.raw_os_error().is_some()) {
            return format!("<urlopen error {}>", crate::outcome::errno_text(system));
        }
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// `validate_certs: false`: whoever answers is believed; signatures of the handshake are still checked.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
