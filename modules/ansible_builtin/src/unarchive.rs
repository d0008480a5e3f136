//! `ansible.builtin.unarchive`: what is in an archive, unpacked into a folder.

mod tar;
mod zip;

use std::io::Read;

use rustible_sdk::{host::temp::Temp, prelude::*};

use crate::web::{WebArgs, Wish, fetch};

/// Unpacks an archive after (optionally) copying it from the local machine.
#[derive(Args)]
#[args(check = full, diff = full, mutually_exclusive(include, exclude))]
pub(crate) struct Args {
    /// The archive: a file of the controller, or, with `remote_src`, of the target or a URL.
    src: String,
    /// The folder it is unpacked into.
    dest: PathBuf,
    /// Whether `src` is not on the controller.
    #[arg(default = false)]
    remote_src: bool,
    /// A path that makes unpacking needless.
    creates: Option<PathBuf>,
    /// Return the names of what is in the archive.
    #[arg(default = false)]
    list_files: bool,
    /// Leave files alone that are newer than those in the archive.
    #[arg(default = false)]
    keep_newer: bool,
    /// Members not to unpack.
    #[arg(default = Value::list())]
    exclude: Vec<String>,
    /// The only members to unpack.
    #[arg(default = Value::list())]
    include: Vec<String>,
    /// More options for the program that unpacks.
    #[arg(default = Value::list())]
    extra_opts: Vec<String>,
    /// Whether the server of a URL must prove who it is.
    #[arg(default = true)]
    validate_certs: bool,
    /// Bytes read at once; files are read as suits the system.
    #[arg(default = 65_536)]
    #[expect(dead_code, reason = "it changes nothing that can be seen")]
    io_buffer_size: u64,
    /// The opposite of `remote_src`, which the controller looks at.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the controller has looked at it")]
    copy: bool,
    /// Whether the controller decrypts the archive.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the controller has done so")]
    decrypt: bool,
    #[arg(flatten)]
    file: FileAttrs,
}

/// The archive as it was found.
pub(crate) struct Archive<'a> {
    args: &'a Args,
    /// Where it really is.
    file: String,
    /// Where its destination really is.
    dest: String,
}

/// What is in the folder already, compared with the archive.
struct Compared {
    same: bool,
    diff: Option<String>,
    /// Members to unpack, when not all.
    only: Vec<String>,
    /// Members not to unpack besides those excluded.
    not: Vec<String>,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if let Some(creates) = &args.creates
        && host.stat(creates, true)?.is_some()
    {
        return Ok(Outcome::msg(format!("skipped, since {} exists", creates.display())).with("skipped", true));
    }
    let source = args.source(host)?;
    let shown = args.src.as_str();
    let file = match &source {
        Source::Temp(temp) => temp.path().to_path_buf(),
        Source::There(path) => host.at(path),
    };
    let mut head = Vec::new();
    let size = match &source {
        Source::Temp(temp) => temp.open()?.take(8).read_to_end(&mut head)?,
        Source::There(path) => host.open(path)?.take(8).read_to_end(&mut head)?,
    };
    if size == 0 {
        fail!("Invalid archive '{shown}', the file is 0 bytes");
    }
    let dest = args.dest.to_string_lossy().into_owned();
    if !host.is_dir(&args.dest)? {
        fail!("Destination '{dest}' is not a directory");
    }
    let archive = Archive {
        args: &args,
        file: file.to_string_lossy().into_owned(),
        dest: host.at(&args.dest).to_string_lossy().into_owned(),
    };
    let mut result = dict! { "dest" => dest, "src" => shown };
    if head.starts_with(b"PK") {
        archive.zip(host, &mut result)?;
    } else {
        archive.tar(host, &head, &mut result)?;
    }
    Ok(Outcome(result))
}

/// Where the archive is.
enum Source {
    Temp(Temp),
    There(PathBuf),
}

impl Args {
    fn source(&self, host: &Host) -> Result<Source> {
        let src = self.src.as_str();
        if !self.remote_src {
            if host.attachment_info("src").is_none() {
                fail!("Source '{src}' failed to transfer");
            }
            return Ok(Source::Temp(host.temp_from(&mut host.attachment("src")?, None)?));
        }
        let path = host.expand(src);
        if host.stat(&path, true)?.is_some() {
            return Ok(Source::There(PathBuf::from(path)));
        }
        if !src.contains("://") {
            fail!("Source '{src}' does not exist");
        }
        let web = WebArgs { validate_certs: self.validate_certs, ..WebArgs::default() };
        let wish = Wish {
            url: src.to_string(),
            method: "GET".to_string(),
            timeout: 10,
            redirects: 10,
            ..Wish::default()
        };
        let answer = fetch(host, &web, &wish)?;
        let why = answer.info.get("msg").and_then(Value::as_str).unwrap_or_default();
        match (answer.status, answer.body) {
            (0 | 200, Some(mut body)) => Ok(Source::Temp(host.temp_from(&mut body, None)?)),
            _ => fail!("Failure downloading {src}, {why}"),
        }
    }
}

impl Archive<'_> {
    /// A member that would lie outside the destination is refused, whatever the program would do with it.
    fn refuse_escapes(&self, members: &[String]) -> Result<()> {
        let options = &self.args.extra_opts;
        let absolute = options.iter().any(|option| option == "-P" || option == "--absolute-names");
        for member in members {
            if Path::new(member).components().any(|part| part == std::path::Component::ParentDir)
                || (absolute && member.starts_with('/'))
            {
                fail!("The archive has a member that would leave the destination: {member}");
            }
        }
        Ok(())
    }

    /// Attributes of the members and of the folders they are in.
    fn attributes(&self, host: &mut Host, members: &[String]) -> Result<()> {
        if self.args.file.is_empty() {
            return Ok(());
        }
        let mut tops: Vec<&str> = Vec::new();
        for member in members {
            let member = member.trim_start_matches('/');
            host.apply_attributes(self.args.dest.join(member), &self.args.file, false)?;
            if let Some((top, _)) = member.split_once('/')
                && !tops.contains(&top)
            {
                tops.push(top);
            }
        }
        for top in tops {
            host.apply_attributes(self.args.dest.join(top), &self.args.file, false)?;
        }
        Ok(())
    }

    fn finish(&self, host: &mut Host, members: &[String], result: &mut Dict) -> Result<()> {
        if !host.check_mode() {
            self.attributes(host, members)?;
        }
        if self.args.list_files {
            result.insert("files", members.iter().map(Value::from).collect::<Vec<_>>());
        }
        host.add_path_info(result, &self.args.dest)
    }

    /// Run what unpacks.
    fn unpack(&self, host: &mut Host, command: &Command, result: &mut Dict) -> Result<()> {
        let output = host.change(command)?;
        if host.check_mode() {
            return Ok(());
        }
        let cmd = command.argv.iter().map(Value::from).collect::<Vec<_>>();
        let told = dict! {
            "cmd" => cmd, "rc" => output.rc, "out" => output.stdout.as_str(), "err" => output.stderr.as_str(),
        };
        result.insert("extract_results", told);
        if output.ok() {
            return Ok(());
        }
        let msg = format!("failed to unpack {} to {}", self.args.src, self.args.dest.display());
        Err(Failure { msg, data: result.clone(), arg: None })
    }

    fn no_handler(&self, why: &str) -> Failure {
        Failure::new(format!(
            "Failed to find handler for \"{}\". Make sure the required command to extract the file is installed.\n{why}",
            self.args.src
        ))
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::{Call, HostContext, Reply};

    use super::*;

    fn unpack(src: &Path, dest: &Path) -> Reply {
        let entry = crate::modules().iter().find(|e| (e.spec)().name == "ansible.builtin.unarchive").unwrap();
        let args = dict! {
            "src" => src.to_string_lossy().as_ref(), "dest" => dest.to_string_lossy().as_ref(), "remote_src" => true,
            "list_files" => true, "mode" => "u=rwX,g=rX,o=",
        };
        let call = Call { module: "ansible.builtin.unarchive".to_string(), args, ..Call::default() };
        rustible_sdk::call(entry, &call, HostContext::default())
    }

    /// Pack `d/f` and `g` with a command, unpack twice, and hold the results.
    fn round(pack: &str, handler: &str) {
        let host = Host::new(&Call::default(), HostContext::default());
        let folder = host.temp_dir().unwrap();
        let line = format!("mkdir -p in/d out && echo hi > in/d/f && echo x > in/g && cd in && {pack}");
        let packed = host.query(&Command::new(["sh", "-c", &line]).dir(folder.path())).unwrap();
        assert!(packed.ok(), "{packed:?}");
        let (src, dest) = (folder.path().join("archive"), folder.path().join("out"));
        let first = unpack(&src, &dest).result;
        assert_eq!(first.get("changed"), Some(&Value::Bool(true)), "{first:?}");
        assert_eq!(first.get("handler"), Some(&Value::str(handler)));
        assert_eq!(host.read_text(dest.join("d/f")).unwrap().as_deref(), Some("hi\n"));
        let again = unpack(&src, &dest).result;
        assert_eq!(again.get("changed"), Some(&Value::Bool(false)), "{again:?}");
    }

    #[test]
    fn a_packed_tar_is_unpacked_once() {
        round("tar -czf ../archive d g", "TgzArchive");
    }

    #[test]
    fn a_plain_tar_is_unpacked_once() {
        round("tar -cf ../archive d g", "TarArchive");
    }

    #[test]
    fn a_zip_is_unpacked_once() {
        round("zip -qr ../archive.zip d g && mv ../archive.zip ../archive", "ZipArchive");
    }

    #[test]
    fn a_member_that_leaves_the_destination_is_refused() {
        let host = Host::new(&Call::default(), HostContext::default());
        let folder = host.temp_dir().unwrap();
        let line = "mkdir -p a out && echo x > b && cd a && tar -P -cf ../archive ../b";
        assert!(host.query(&Command::new(["sh", "-c", line]).dir(folder.path())).unwrap().ok());
        let reply = unpack(&folder.path().join("archive"), &folder.path().join("out")).result;
        let msg = "The archive has a member that would leave the destination: ../b";
        assert_eq!(reply.get("msg"), Some(&Value::str(msg)));
    }
}
