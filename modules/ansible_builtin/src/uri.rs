//! `ansible.builtin.uri`: a request to a web service.

mod body;

use std::{
    io::{Read, empty},
    time::Instant,
};

use rustible_sdk::{host::files::checksum_of, json, prelude::*, repr};

use crate::web::{Answer, WebArgs, Wish, disposition, fetch, join, mask};

/// Interacts with webservices.
#[derive(Args)]
#[args(check = none)]
#[args(mutually_exclusive(body, src))]
pub(crate) struct Args {
    /// Where to.
    url: String,
    /// File, or folder, the answer goes to.
    dest: Option<PathBuf>,
    /// Name for the server.
    #[arg(alias("user"))]
    url_username: Option<String>,
    /// Password for the server.
    #[arg(alias("password"), no_log)]
    url_password: Option<String>,
    /// What is sent.
    body: Option<Value>,
    /// How `body` is written.
    #[arg(default = "raw", choices("form-urlencoded", "json", "raw", "form-multipart"))]
    body_format: String,
    /// File that is sent.
    src: Option<PathBuf>,
    /// `GET`, `POST` ...
    #[arg(default = "GET")]
    method: String,
    /// Return the answer's content.
    #[arg(default = false)]
    return_content: bool,
    /// Which redirections are followed.
    #[arg(default = "safe", choices("all", "no", "none", "safe", "urllib2", "yes"))]
    follow_redirects: String,
    /// A path that makes the request needless.
    creates: Option<PathBuf>,
    /// A path without which the request is needless.
    removes: Option<PathBuf>,
    /// Statuses that are a success.
    #[arg(default = Value::from(vec![Value::Int(200)]))]
    status_code: Vec<i64>,
    /// Seconds for connecting, and for each silence.
    #[arg(default = 30)]
    timeout: u64,
    /// Header lines.
    #[arg(default = Value::Dict(Dict::new()))]
    headers: Dict,
    /// Socket file instead of the network; refused.
    unix_socket: Option<PathBuf>,
    /// Whether `src` is on the target.
    #[arg(default = false)]
    remote_src: bool,
    /// File of authorities.
    ca_path: Option<PathBuf>,
    #[arg(flatten)]
    web: WebArgs,
    #[arg(flatten)]
    file: FileAttrs,
}

/// Words for JSON in a type of content.
const JSON: [&str; 2] = ["json", "javascript"];

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let method = args.method.to_uppercase();
    if method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase()) {
        fail!("Parameter 'method' needs to be a single word in uppercase, like GET or POST.");
    }
    if args.unix_socket.is_some() {
        fail!("unix_socket is not supported");
    }
    let wish = args.wish(host, method)?;
    for (path, wanted, why) in [(&args.creates, false, "exists"), (&args.removes, true, "does not exist")] {
        if let Some(path) = path
            && host.stat(path, true)?.is_some() != wanted
        {
            let said = format!("skipped, since '{}' {why}", path.display());
            return Ok(Outcome::new().with("stdout", said).changed(false));
        }
    }
    let begun = Instant::now();
    let answer = fetch(host, &args.web, &wish)?;
    args.told(host, answer, begun.elapsed().as_secs())
}

impl Args {
    fn wish(&self, host: &mut Host, method: String) -> Result<Wish> {
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (repr::str(name), repr::str(value))).collect();
        let mut body = match (&self.body, &self.src) {
            (None, None) => None,
            (Some(body), _) => Some(body::written(host, body, &self.body_format, &mut headers)?),
            (None, Some(src)) => {
                None.or(host.attachment_info("src").filter(|_| !self.remote_src)).map_or_else(
                    || host.read(src),
                    |_| {
                        let mut bytes = Vec::new();
                        host.attachment("src")?.read_to_end(&mut bytes)?;
                        Ok(Some(bytes))
                    },
                )?
            }
        };
        if let Some(src) = self.src.as_ref().filter(|_| body.is_none()) {
            fail!(elapsed = 0; "Unable to open source file {}", src.display());
        }
        if self.body.is_none() && self.src.is_none() && self.body_format == "json" {
            // The reference sends the word for nothing.
            body = Some(b"null".to_vec());
            body::typed(&mut headers, "application/json");
        }
        let since = match &self.dest {
            Some(dest) => {
                host.stat(dest, true)?.filter(|stat| stat.is_file()).and_then(|stat| stat.modified().ok())
            }
            None => None,
        };
        if matches!(self.follow_redirects.as_str(), "yes" | "no") {
            host.deprecate(
                "Using 'yes' or 'no' for 'follow_redirects' parameter is deprecated.",
                Some("2.22"),
            );
        }
        let reading = matches!(method.as_str(), "GET" | "HEAD");
        let follow = match self.follow_redirects.as_str() {
            "all" | "yes" => true,
            "safe" => reading,
            "urllib2" => reading || method == "POST",
            _ => false,
        };
        Ok(Wish {
            url: self.url.clone(),
            method,
            headers,
            body,
            user: self.url_username.clone(),
            password: self.url_password.clone(),
            timeout: self.timeout,
            redirects: if follow { 10 } else { 0 },
            since,
            ca: self.ca_path.as_ref().map(|path| path.to_string_lossy().into_owned()),
        })
    }

    fn told(&self, host: &mut Host, answer: Answer, elapsed: u64) -> Result<Outcome> {
        let Answer { status, mut info, body } = answer;
        let wanted = self.status_code.contains(&status);
        let kind = info.get("content-type").and_then(Value::as_str).unwrap_or("application/octet-stream");
        let sub =
            kind.split(';').next().unwrap_or_default().trim().rsplit_once('/').map_or("", |(_, sub)| sub);
        let sub = sub.rsplit('+').next().unwrap_or_default().to_lowercase();
        let json_inside = JSON.contains(&sub.as_str());
        let answered = body.is_some();
        let (mut body, mut content) = (body.unwrap_or_else(|| Box::new(empty())), None);
        if json_inside || self.return_content || !wanted {
            let mut bytes = Vec::new();
            let read = body.read_to_end(&mut bytes);
            read.map_err(|e| Failure::new(format!("HTTP Error while fetching {}: {e}", mask(&self.url))))?;
            body = Box::new(std::io::Cursor::new(bytes.clone()));
            content = Some(bytes);
        }
        info.insert("redirected", info.get("url").and_then(Value::as_str) != Some(mask(&self.url).as_str()));
        info.insert("elapsed", elapsed);
        info.insert("status", status);
        info.insert("changed", false);
        if let Some(dest) = self.dest.as_ref().filter(|_| answered) {
            let mut dest = dest.clone();
            if host.is_dir(&dest)? {
                dest.push(disposition(&info).unwrap_or_else(|| "index.html".to_string()));
            }
            if wanted && status != 304 {
                self.store(host, &dest, &mut *body)?;
                info.insert("changed", true);
            }
            info.insert("path", dest.to_string_lossy().as_ref());
        }
        let mut result: Dict = info
            .iter()
            .map(|(key, value)| (repr::str(key).replace('-', "_").to_lowercase(), value.clone()))
            .collect();
        if let Some(target) = result.get("location").and_then(Value::as_str) {
            let target = join(&mask(&self.url), target);
            result.insert("location", target);
        }
        let text = content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if json_inside && let Some(Ok(value)) = text.as_deref().map(json::read) {
            result.insert("json", value);
        }
        if self.return_content {
            result.insert("content", text);
        }
        if wanted {
            return Ok(Outcome(result));
        }
        let codes =
            repr::repr(&Value::from(self.status_code.iter().copied().map(Value::Int).collect::<Vec<_>>()));
        let why = result.get("msg").map(repr::str).unwrap_or_default();
        Err(Failure {
            msg: format!("Status code was {status} and not {codes}: {why}"),
            data: without_msg(result),
            arg: None,
        })
    }

    /// The answer in its file, when it is another one.
    fn store(&self, host: &mut Host, dest: &Path, body: &mut dyn Read) -> Result<()> {
        let temp = host.temp_from(body, None)?;
        let new = checksum_of(&mut temp.open()?, "sha1")?;
        let old = if host.stat(dest, true)?.is_some() { Some(host.checksum(dest, "sha1")?) } else { None };
        if old != Some(new) {
            let how = Edit { unsafe_writes: self.file.unsafe_writes, ..Edit::default() };
            host.write(dest, &mut temp.open()?, &how)?;
        }
        host.apply_attributes(dest, &self.file, true).map(drop)
    }
}

fn without_msg(mut result: Dict) -> Dict {
    result.remove("msg");
    result
}
