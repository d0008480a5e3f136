//! `community.proxmox.proxmox_template`: container templates and ISO images in a storage.

use std::path::PathBuf;

use reqwest::blocking::multipart::{Form, Part};
use rustible_sdk::prelude::*;

use crate::support::{
    client::{Auth, Params, Server},
    storage, task,
};

/// Manage templates and images of a storage.
///
/// Files are sent piece by piece, whatever their size. Check mode tells what would be done.
#[derive(Args)]
#[args(check = full, required_one_of(api_password, api_token_id))]
#[args(required_together(checksum, checksum_algorithm), mutually_exclusive(src, url))]
#[args(required_if(state = "absent" => template))]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    /// The node.
    #[arg(required)]
    node: Option<String>,
    /// The storage.
    #[arg(default = "local")]
    storage: String,
    /// What it is.
    #[arg(default = "vztmpl", choices("vztmpl", "import", "iso"))]
    content_type: String,
    /// A file to send.
    src: Option<PathBuf>,
    /// An address the server fetches it from.
    url: Option<String>,
    /// Its name in the storage, or the one in the server's list of appliances.
    template: Option<String>,
    /// Whether it should be there.
    #[arg(default = "present")]
    state: State,
    /// Send it although it is there.
    #[arg(default = false)]
    force: bool,
    /// Seconds the server may take once it has it all.
    #[arg(default = 30)]
    timeout: u64,
    /// Checksum the server holds it against.
    checksum: Option<String>,
    /// How the checksum is made.
    #[arg(choices("md5", "sha1", "sha224", "sha256", "sha384", "sha512"))]
    checksum_algorithm: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let name = args.name()?;
    let node = args.node.clone().unwrap_or_default();
    let volume = format!("{}:{}/{name}", args.storage, args.content_type);
    if let Some(src) = &args.src
        && !host.stat(src, true)?.is_some_and(|stat| stat.is_file())
        && args.state == State::Present
    {
        fail!("template file on path {} not exists", src.display());
    }
    let server = Server::new(&args.auth, host)?;
    let there = storage::has_volume(&server, &node, &args.storage, &args.content_type, &volume)?;
    let said = |word: &str| Outcome::msg(format!("template with volid={volume} {word}"));
    let upid;
    let word;
    match args.state {
        State::Absent if !there => return Ok(said("is already deleted")),
        State::Absent => {
            host.mark_changed();
            word = "deleted";
            if host.check_mode() {
                return Ok(said(word));
            }
            let path = format!("/nodes/{node}/storage/{}/content/{volume}", args.storage);
            upid = server.change("DELETE", &path, &Params::new())?;
        }
        State::Present if there && !args.force => return Ok(said("already exists")),
        State::Present => {
            host.mark_changed();
            word = if args.src.is_some() { "uploaded" } else { "downloaded" };
            if host.check_mode() {
                return Ok(said(word));
            }
            upid = args.bring(&server, host, &node, &name)?;
        }
    }
    task::finish(&server, host, &upid, &format!("{volume} being {word}"), args.timeout)?;
    Ok(said(word))
}

impl Args {
    /// Its name in the storage.
    fn name(&self) -> Result<String> {
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
        let name = match (&self.src, &self.url, &self.template) {
            (Some(src), ..) if self.template.is_none() => last(&src.to_string_lossy()),
            (_, Some(url), None) => last(url.split('?').next().unwrap_or_default()),
            (.., Some(template)) => template.clone(),
            _ => String::new(),
        };
        if name.is_empty() {
            fail!("template param for downloading appliance template is mandatory");
        }
        Ok(name)
    }

    fn checksums(&self) -> Params {
        let pairs = [("checksum", &self.checksum), ("checksum-algorithm", &self.checksum_algorithm)];
        pairs.iter().filter_map(|(key, value)| Some(((*key).to_string(), (*value).clone()?))).collect()
    }

    /// Bring it into the storage; the task that puts it there.
    fn bring(&self, server: &Server, host: &Host, node: &str, name: &str) -> Result<Value> {
        let folder = format!("/nodes/{node}/storage/{}", self.storage);
        if let Some(src) = &self.src {
            let size = host.stat(src, true)?.map_or(0, |stat| stat.len());
            let mut form = Form::new().text("content", self.content_type.clone());
            for (key, value) in self.checksums() {
                form = form.text(key, value);
            }
            // The server wants the length first and the file last.
            let file = Part::reader_with_length(host.open(src)?, size).file_name(name.to_string());
            return Ok(server.upload(&format!("{folder}/upload"), form.part("filename", file))?);
        }
        let mut params = self.checksums();
        if let Some(url) = &self.url {
            for (key, value) in [("url", url.as_str()), ("content", &self.content_type), ("filename", name)] {
                params.push((key.to_string(), value.to_string()));
            }
            return Ok(server.change("POST", &format!("{folder}/download-url"), &params)?);
        }
        if self.content_type != "vztmpl" {
            return Err(Failure::new(format!("src or url is needed for content_type {}", self.content_type)));
        }
        let params =
            vec![("storage".to_string(), self.storage.clone()), ("template".to_string(), name.to_string())];
        Ok(server.change("POST", &format!("/nodes/{node}/aplinfo"), &params)?)
    }
}
