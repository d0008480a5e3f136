//! The lab's certificate authority and the certificates that it makes as they are asked for.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::doubles::web::Tls;

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its time is over.
    Expired,
    /// It is for another name.
    OtherName,
    /// No authority signed it.
    SelfSigned,
}

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    /// The authority kept in `folder` (`ca.pem`, `ca.key`), made at the first call. Errors when the files cannot be read,
    /// written or understood.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        if !certificate.exists() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let (pem, secret) = make()?;
            write_secret(&key, &secret)?;
            fs::write(&certificate, pem)
                .with_context(|| format!("cannot write {}", certificate.display()))?;
        }
        let pem = fs::read_to_string(&certificate)
            .with_context(|| format!("cannot read {}", certificate.display()))?;
        let secret = fs::read_to_string(&key).with_context(|| format!("cannot read {}", key.display()))?;
        let issuer = Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&secret)?)
            .with_context(|| format!("{} is not an authority", certificate.display()))?;
        let der = der_of(&pem).with_context(|| format!("{} holds no certificate", certificate.display()))?;
        Ok(Self { issuer, certificate: der, pem })
    }

    /// The authority's certificate in PEM, for trust stores.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A TLS configuration that has a certificate for every name asked for, and for `address` when none is named.
    /// Errors when the first certificate cannot be made.
    pub fn server(self: &Arc<Self>, address: IpAddr) -> Result<Tls> {
        let unnamed = self.certify(&[address.to_string(), "localhost".to_owned()])?;
        let chooser = Chooser { authority: self.clone(), unnamed, known: Mutex::default() };
        let mut server = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(chooser));
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(server))
    }

    /// A certificate for these names or addresses with its key, signed by this authority. Errors on an illegal name.
    pub fn certify(&self, names: &[String]) -> Result<Arc<CertifiedKey>> {
        let (certificate, key) = self.leaf(names)?;
        let signer = ring::sign::any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
            key.serialize_der(),
        )))
        .context("the new key cannot sign")?;
        Ok(Arc::new(CertifiedKey::new(vec![certificate, self.certificate.clone()], signer)))
    }

    /// A TLS configuration whose one certificate no client may accept. Errors when it cannot be made.
    pub fn flawed_server(&self, address: IpAddr, flaw: Flaw) -> Result<Tls> {
        let key = KeyPair::generate()?;
        let name = if flaw == Flaw::OtherName { "other.lab.test".to_owned() } else { address.to_string() };
        let mut params = CertificateParams::new(vec![name])?;
        params.use_authority_key_identifier_extension = flaw != Flaw::SelfSigned;
        if flaw == Flaw::Expired {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let certificate = if flaw == Flaw::SelfSigned {
            params.self_signed(&key)?
        } else {
            params.signed_by(&key, &self.issuer)?
        };
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)?;
        Ok(Arc::new(server))
    }

    fn leaf(&self, names: &[String]) -> Result<(CertificateDer<'static>, KeyPair)> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("lab", |name| name.as_str()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), key))
    }
}

fn make() -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "rustible lab authority");
    params.distinguished_name.push(DnType::OrganizationName, "rustible lab, not for use outside it");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}

fn der_of(pem: &str) -> Result<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    Ok(CertificateDer::from_pem_slice(pem.as_bytes())?)
}

/// Finds or makes the certificate for the name of a connection.
struct Chooser {
    authority: Arc<Authority>,
    unnamed: Arc<CertifiedKey>,
    known: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Chooser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chooser")
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = hello.server_name() else { return Some(self.unnamed.clone()) };
        let mut known = self.known.lock().ok()?;
        if let Some(found) = known.get(name) {
            return Some(found.clone());
        }
        let made = self.authority.certify(&[name.to_owned()]).ok()?;
        known.insert(name.to_owned(), made.clone());
        Some(made)
    }
}
