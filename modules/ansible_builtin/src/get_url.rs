//! `ansible.builtin.get_url`: a file from the network, checked before it is put in its place.

use std::{io, time::Instant};

use rustible_sdk::{host::files::checksum_of, host::temp::Temp, prelude::*};

use crate::web::{Answer, WebArgs, Wish, disposition, fetch, file_name, mask};

/// Downloads files from HTTP, HTTPS, or FTP to node.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Where it comes from.
    url: String,
    /// File, or folder, it goes to.
    dest: PathBuf,
    /// Keep the old file beside it.
    #[arg(default = false)]
    backup: bool,
    /// `algorithm:digest`, or `algorithm:` and the URL of a list of digests.
    #[arg(default = "")]
    checksum: String,
    /// Seconds for connecting, and for each silence.
    #[arg(default = 10)]
    timeout: u64,
    /// Header lines of the request.
    headers: Option<Dict>,
    /// Folder it is first written to.
    tmp_dest: Option<PathBuf>,
    /// Name for the server.
    #[arg(alias("username"))]
    url_username: Option<String>,
    /// Password for the server.
    #[arg(alias("password"), no_log)]
    url_password: Option<String>,
    #[arg(flatten)]
    web: WebArgs,
    #[arg(flatten)]
    file: FileAttrs,
}

/// What the content must be.
struct Digest {
    algorithm: String,
    wanted: String,
}

pub(crate) fn run(mut args: Args, host: &mut Host) -> Result<Outcome> {
    let mut result = dict! {
        "checksum_dest" => Value::Null, "checksum_src" => Value::Null, "elapsed" => 0, "url" => mask(&args.url),
        "dest" => args.dest.to_string_lossy().as_ref(),
    };
    let digest = args.digest(host, &result)?;
    let into_dir = host.is_dir(&args.dest)?;
    let mut since = None;
    if !into_dir && let Some(stat) = host.stat(&args.dest, true)? {
        let same = match &digest {
            Some(digest) if !args.web.force => {
                Some(host.checksum(&args.dest, &digest.algorithm)? == digest.wanted)
            }
            _ => None,
        };
        if same == Some(true) {
            let changed = host.apply_attributes(&args.dest, &args.file, true)?;
            let more = if changed { " but file attributes changed" } else { "" };
            result.insert("msg", format!("file already exists{more}"));
            return Ok(Outcome(result).changed(changed));
        }
        args.web.force |= same == Some(false);
        since = stat.modified().ok();
    }
    let begun = Instant::now();
    let method = if host.check_mode() { "HEAD" } else { "GET" };
    let got = args.get(host, &args.url, method, since)?;
    let (temp, answer) = match got {
        Got::Same(outcome) => return Ok(outcome),
        Got::New(temp, answer) => (temp, answer),
    };
    result.insert("elapsed", begun.elapsed().as_secs());
    result.insert("src", temp.path().to_string_lossy().as_ref());
    let mut dest = args.dest.clone();
    if into_dir {
        let shown = answer.info.get("url").and_then(Value::as_str).unwrap_or(&args.url);
        dest.push(disposition(&answer.info).unwrap_or_else(|| file_name(shown)));
        result.insert("dest", dest.to_string_lossy().as_ref());
    }
    args.put(host, &dest, (&temp, &answer), digest.as_ref(), result)
}

/// What a request came to.
enum Got {
    Same(Outcome),
    New(Temp, Answer),
}

impl Args {
    /// A request into a temporary file.
    fn get(&self, host: &Host, url: &str, method: &str, since: Option<std::time::SystemTime>) -> Result<Got> {
        let begun = Instant::now();
        let headers = self.headers.iter().flat_map(Dict::texts);
        let text = |value: &Value| rustible_sdk::repr::str(value);
        let wish = Wish {
            url: url.to_string(),
            method: method.to_string(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            user: self.url_username.clone(),
            password: self.url_password.clone(),
            timeout: self.timeout,
            redirects: 10,
            since,
            ..Wish::default()
        };
        let mut answer = fetch(host, &self.web, &wish)?;
        let elapsed = begun.elapsed().as_secs();
        let dest = self.dest.to_string_lossy();
        let msg = answer.info.get("msg").cloned().unwrap_or_default();
        match answer.status {
            0 | 200 => {}
            304 => {
                let same = Outcome(dict! {
                    "url" => mask(url), "dest" => &*dest, "msg" => msg, "status_code" => 304, "elapsed" => elapsed,
                });
                return Ok(Got::Same(same.changed(false)));
            }
            -1 => {
                let why = msg.as_str().unwrap_or_default();
                fail!(url = mask(url), dest = &*dest, elapsed = elapsed; "{why}")
            }
            code => {
                let failure = Failure::new("Request failed").with("status_code", code).with("response", msg);
                return Err(failure.with("url", mask(url)).with("dest", &*dest).with("elapsed", elapsed));
            }
        }
        if let Some(folder) = &self.tmp_dest
            && !host.is_dir(folder)?
        {
            let folder_text = folder.display();
            if host.exists(folder)? {
                fail!(elapsed = elapsed; "{folder_text} is a file but should be a directory.");
            }
            fail!(elapsed = elapsed; "{folder_text} directory does not exist.");
        }
        let mut body = answer.body.take().unwrap_or_else(|| Box::new(io::empty()));
        let temp = host.temp_from(&mut body, self.tmp_dest.as_deref()).map_err(|e| {
            Failure::new(format!("failed to create temporary content file: {}", e.msg))
                .with("elapsed", elapsed)
        })?;
        Ok(Got::New(temp, answer))
    }

    fn digest(&self, host: &Host, result: &Dict) -> Result<Option<Digest>> {
        if self.checksum.is_empty() {
            return Ok(None);
        }
        let bad = |msg: &str| Failure {
            msg: msg.to_string(),
            data: result.clone(),
            arg: Some("checksum".to_string()),
        };
        let (algorithm, mut wanted) = match self.checksum.split_once(':') {
            Some((algorithm, wanted)) => (algorithm.to_string(), wanted.to_string()),
            None => return Err(bad("The checksum parameter has to be in format <algorithm>:<checksum>")),
        };
        if ["http:", "https:", "ftp:", "file:"].iter().any(|scheme| wanted.starts_with(scheme)) {
            // The list is read in check mode too: it is needed to tell what would happen.
            let Got::New(temp, _) = self.get(host, &wanted, "GET", None)? else {
                return Err(bad("the list of checksums was not sent"));
            };
            let text = io::read_to_string(temp.open()?)?;
            let name = file_name(&self.url);
            let found = listed(&text, &name);
            let missing = || {
                Failure::new(format!("Unable to find a checksum for file '{name}' in '{}'", mask(&wanted)))
            };
            wanted = found.ok_or_else(missing)?;
        }
        let wanted: String =
            wanted.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        if wanted.is_empty() || !wanted.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(bad("The checksum format is invalid"));
        }
        Ok(Some(Digest { algorithm, wanted }))
    }

    /// What was got, in its place.
    fn put(
        &self,
        host: &mut Host,
        dest: &Path,
        (temp, answer): (&Temp, &Answer),
        digest: Option<&Digest>,
        mut result: Dict,
    ) -> Result<Outcome> {
        let source = checksum_of(&mut temp.open()?, "sha1")?;
        result.insert("checksum_src", source.as_str());
        let there = host.stat(dest, true)?.is_some();
        let old = if there { Some(host.checksum(dest, "sha1")?) } else { None };
        let folder = dest.parent().unwrap_or(Path::new("/"));
        if !there && !host.is_dir(folder)? {
            return Err(Failure {
                msg: format!("Destination {} does not exist", folder.display()),
                data: result,
                arg: None,
            });
        }
        result.insert("checksum_dest", old.as_deref());
        result.insert("msg", answer.info.get("msg").cloned().unwrap_or_default());
        let changed = old.as_deref() != Some(source.as_str());
        if host.check_mode() {
            return Ok(Outcome(result).changed(changed));
        }
        if let Some(Digest { algorithm, wanted }) = digest {
            let is = checksum_of(&mut temp.open()?, algorithm)?;
            if is != *wanted {
                let place = temp.path().display();
                let msg = format!("The checksum for {place} did not match {wanted}; it was {is}.");
                return Err(Failure { msg, data: result, arg: None });
            }
        }
        if changed {
            let how = Edit { backup: self.backup, unsafe_writes: self.file.unsafe_writes, ..Edit::default() };
            let written = host.write(dest, &mut temp.open()?, &how)?;
            if let Some(backup) = written.backup {
                result.insert("backup_file", backup);
            }
        }
        host.apply_attributes(dest, &self.file, true)?;
        host.add_path_info(&mut result, dest)?;
        result.insert("md5sum", host.checksum(dest, "md5")?);
        result.insert("status_code", answer.info.get("status").cloned().unwrap_or_default());
        Ok(Outcome(result))
    }
}

/// The digest of a file in a list as GNU's and BSD's tools write it; a list of one word is that word.
fn listed(text: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    if let [only] = lines.as_slice()
        && only.split_whitespace().count() == 1
    {
        return Some(only.trim().to_string());
    }
    lines.into_iter().find_map(|line| {
        let (digest, path) = match line.split_once(") = ").or_else(|| line.split_once(")= ")) {
            Some((left, digest)) => (digest, left.split_once('(')?.1),
            None => {
                let (digest, path) = line.split_once(char::is_whitespace)?;
                (digest, path.trim_start().trim_start_matches('*').trim_start_matches(['.', '/']))
            }
        };
        (path == name).then(|| digest.trim().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn lists_of_digests_are_read() {
        assert_eq!(listed("ab12\n", "x").as_deref(), Some("ab12"));
        assert_eq!(listed("ab  y\ncd *x\n", "x").as_deref(), Some("cd"));
        assert_eq!(listed("ab  ./x\ncd  y\n", "x").as_deref(), Some("ab"));
        assert_eq!(listed("SHA256 (x) = ef\nSHA256 (y) = 01\n", "y").as_deref(), Some("01"));
        assert_eq!(listed("ab  y\ncd z\n", "x"), None);
    }
}
