//! Files that come in: multipart uploads, streamed to disk, and downloads that the node makes itself.

use std::fmt::Write as _;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use http_body_util::BodyExt;

use sha2::Digest;
use tokio::io::AsyncWriteExt;

use super::ask::{Ask, Outcome, Params, Refusal};
use super::state::Centre;
use super::storage::{keep, space, target};
use super::tasks::{Job, start};
use crate::doubles::web::{Body, Note};

/// A file that came with a request.
pub(super) struct Incoming {
    file: tempfile::TempPath,
    size: u64,
}

/// Reads a multipart body: fields become parameters, the file named `filename` goes to a file in `spool`. Fields after the
/// file are refused, as the real service needs them before it.
pub(super) async fn receive(
    body: Body,
    media_type: &str,
    spool: &Path,
    params: &mut Params,
    note: &Note,
) -> Result<Option<Incoming>, Refusal> {
    let boundary = multer::parse_boundary(media_type).map_err(|error| Refusal::new(400, error))?;
    let mut parts = multer::Multipart::new(body.into_data_stream(), boundary);
    let mut incoming = None;
    while let Some(mut part) = parts.next_field().await.map_err(|error| Refusal::new(400, error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = part.file_name().map(str::to_owned) else {
            if incoming.is_some() {
                return Err(Refusal::new(400, format!("field '{name}' comes after the file")));
            }
            let text = part.text().await.map_err(|error| Refusal::new(400, error))?;
            note.param(&name, &text);
            params.add(&name, text);
            continue;
        };
        if name != "filename" {
            return Err(Refusal::param(&name, "no file is expected here"));
        }
        let spooled = tempfile::NamedTempFile::new_in(spool).map_err(Refusal::died)?.into_temp_path();
        let mut file = tokio::fs::File::create(&spooled).await.map_err(Refusal::died)?;
        let mut size = 0;
        while let Some(chunk) = part.chunk().await.map_err(|error| Refusal::new(400, error))? {
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(Refusal::died)?;
        }
        file.flush().await.map_err(Refusal::died)?;
        note.param("filename", &format!("{file_name} ({size} bytes)"));
        params.add("filename", file_name);
        incoming = Some(Incoming { file: spooled, size });
    }
    Ok(incoming)
}

/// `POST …/storage/S/upload`
pub(super) fn store(centre: &Arc<Centre>, ask: &Ask, incoming: Option<Incoming>) -> Outcome {
    let incoming = incoming.ok_or_else(|| Refusal::param("filename", "no file was sent"))?;
    let (storage, content) =
        (ask.params.or("storage", "").to_owned(), ask.params.or("content", "").to_owned());
    let place = target(centre, &storage, &content, ask.params.or("filename", ""))?;
    let sum = ask
        .params
        .one("checksum")
        .map(|sum| (sum.to_owned(), ask.params.or("checksum-algorithm", "").to_owned()));
    let job = Job { kind: "imgcopy", node: ask.node(), id: String::new(), user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, log| {
        log.line(format!("starting file import from: {}", incoming.file.display()));
        log.line(format!("target node: {}", centre.settings.nodes.first().map_or("", String::as_str)));
        log.line(format!("target file: {}", place.display()));
        log.line(format!("file size is: {}", incoming.size));
        if let Some((sum, algorithm)) = &sum {
            verify(&incoming.file, sum, algorithm).context("import failed")?;
            log.line("OK, checksum verified");
        }
        if incoming.size > space(centre, &storage) {
            log.line(format!("cp: error writing '{}': No space left on device", place.display()));
            bail!(
                "import failed: command '/bin/cp -- {} {}' failed: exit code 1",
                incoming.file.display(),
                place.display()
            );
        }
        put(incoming.file, &place)?;
        log.line("finished file import successfully");
        keep(centre, &storage, &content, &place)
    }))
}

/// Moves a spooled file to its place, also to another file system.
fn put(spooled: tempfile::TempPath, place: &Path) -> Result<()> {
    std::fs::set_permissions(&spooled, std::fs::Permissions::from_mode(0o644))?;
    if let Err(kept) = spooled.persist(place) {
        std::fs::copy(&kept.path, place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    Ok(())
}

/// `POST …/storage/S/download-url`
pub(super) fn download(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (storage, content) =
        (ask.params.or("storage", "").to_owned(), ask.params.or("content", "").to_owned());
    let url = ask.params.or("url", "").to_owned();
    let place = target(centre, &storage, &content, ask.params.or("filename", ""))?;
    let sum = ask
        .params
        .one("checksum")
        .map(|sum| (sum.to_owned(), ask.params.or("checksum-algorithm", "").to_owned()));
    if ask.params.one("compression").is_some() {
        return Err(Refusal::new(501, "this double does not unpack what it downloads"));
    }
    let checks = ask.params.one("verify-certificates").is_none_or(super::ask::truth);
    let job = Job { kind: "download", node: ask.node(), id: String::new(), user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, log| {
        log.line(format!("downloading {url} to {}", place.display()));
        if place.exists() && sum.is_none() {
            bail!("refusing to override existing file '{}'", place.display());
        }
        let fetched = fetch(centre, &url, &place, checks)?;
        if let Some((sum, algorithm)) = &sum {
            verify(&fetched, sum, algorithm)?;
            log.line("OK, checksum verified");
        }
        if fetched.metadata()?.len() > space(centre, &storage) {
            bail!("download failed: No space left on device");
        }
        put(fetched, &place)?;
        log.line(format!("download of '{url}' to '{}' finished", place.display()));
        keep(centre, &storage, &content, &place)
    }))
}

fn fetch(centre: &Centre, url: &str, place: &Path, checks: bool) -> Result<tempfile::TempPath> {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let mut client =
        reqwest::blocking::Client::builder().timeout(None).tls_danger_accept_invalid_certs(!checks);
    if let Some(pem) = &centre.settings.trust {
        client = client.tls_certs_merge([reqwest::Certificate::from_pem(pem.as_bytes())?]);
    }
    if let Some(address) = centre.settings.route {
        let target = reqwest::Url::parse(url)?;
        let host = target.host_str().ok_or_else(|| anyhow!("no host in {url}"))?;
        client = client.resolve(host, std::net::SocketAddr::new(address, 0));
    }
    let mut response = client.build()?.get(url).send().with_context(|| format!("download failed: {url}"))?;
    if !response.status().is_success() {
        bail!("download failed: {} {url}", response.status());
    }
    let folder = place.parent().context("a file lies in a folder")?;
    let mut file = tempfile::Builder::new().prefix(".tmp").tempfile_in(folder)?;
    std::io::copy(&mut response, &mut file)?;
    Ok(file.into_temp_path())
}

fn verify(path: &Path, wanted: &str, algorithm: &str) -> Result<()> {
    let found = match algorithm {
        "md5" => sum::<md5::Md5>(path),
        "sha1" => sum::<sha1::Sha1>(path),
        "sha224" => sum::<sha2::Sha224>(path),
        "sha256" => sum::<sha2::Sha256>(path),
        "sha384" => sum::<sha2::Sha384>(path),
        _ => sum::<sha2::Sha512>(path),
    }?;
    if !found.eq_ignore_ascii_case(wanted) {
        bail!("checksum mismatch: got '{found}' != expect '{wanted}'");
    }
    Ok(())
}

fn sum<D: Digest>(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut digest = D::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
    let mut text = String::new();
    for byte in digest.finalize().iter() {
        let _never_fails = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The folder where uploads wait, as `/var/tmp` of a node.
pub(super) fn spool(centre: &Centre) -> PathBuf {
    let known = centre.settings.storages.iter().find_map(|storage| storage.path.clone());
    known.unwrap_or_else(std::env::temp_dir)
}
