//! `community.crypto.openssh_keypair`: a private SSH key and its public half.

use rustible_sdk::prelude::*;

use crate::support::sshkey::{Pair, PublicKey};

/// Generate OpenSSH private and public keys.
///
/// The keys are made by `ssh-keygen` and moved into place when they are whole. Keys with a passphrase are not made.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The private key; the public one is beside it with `.pub`.
    path: PathBuf,
    /// Whether they should be there.
    #[arg(default = "present")]
    state: State,
    /// Kind of key.
    #[arg(name = "type", default = "rsa", choices("rsa", "dsa", "rsa1", "ecdsa", "ed25519", "mldsa44"))]
    kind: String,
    /// Bits; each type has its own default.
    size: Option<i64>,
    /// Comment of the public key.
    comment: Option<String>,
    /// Passphrase of the private key.
    #[arg(no_log)]
    passphrase: Option<String>,
    /// Make a new key although there is one.
    #[arg(default = false)]
    force: bool,
    /// When an existing key gives way to a new one.
    #[arg(default = "partial_idempotence")]
    regenerate: Regenerate,
    /// What makes the keys: `auto` and `opensshbin` are `ssh-keygen`.
    #[arg(default = "auto", choices("auto", "cryptography", "opensshbin"))]
    backend: String,
    /// Format of the private key: `auto` and `ssh` are OpenSSH's own.
    #[arg(default = "auto", choices("auto", "pkcs1", "pkcs8", "ssh"))]
    private_key_format: String,
    #[arg(flatten)]
    file: FileAttrs,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum Regenerate {
    Never,
    Fail,
    PartialIdempotence,
    FullIdempotence,
    Always,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    args.refuse()?;
    let size = args.bits()?;
    let folder = args.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !host.is_dir(folder)? {
        let name = folder.to_string_lossy().into_owned();
        fail!(name = name.as_str(); "The directory {name} does not exist or the file is not a directory");
    }
    if host.is_dir(&args.path)? {
        fail!("{} is a directory. Please specify a path to a file.", args.path.display());
    }
    let keys = Keys { program: host.need_program("ssh-keygen")?, args: &args, size };
    let exists = host.exists(&args.path)?;
    let mut found = if exists { Pair::read(host, &keys.program, &args.text())? } else { None };
    if let Some(pair) = found.as_mut() {
        keys.add_comment(host, pair)?;
    }
    let before = found.as_ref().map(Pair::about).unwrap_or_default();
    match args.state {
        State::Absent => {
            host.remove(&args.path)?;
            host.remove(args.public_path())?;
            if host.is_changed() {
                host.diff_value(dict! { "before" => before, "after" => Dict::new() });
            }
        }
        State::Present if !exists || keys.gives_way(found.as_ref())? => {
            found = keys.generate(host)?.or(found);
            host.diff_value(dict! {
                "before" => before, "after" => found.as_ref().map(Pair::about).unwrap_or_default(),
            });
        }
        State::Present => {
            if let Some(pair) = found.as_mut() {
                keys.repair_public(host, pair)?;
                if host.is_changed() {
                    host.diff_value(dict! { "before" => before, "after" => pair.about() });
                }
            }
        }
    }
    if args.state == State::Present {
        host.apply_attributes(&args.path, &args.file, true)?;
        let public = FileAttrs { mode: None, ..args.file.clone() };
        host.apply_attributes(args.public_path(), &public, true)?;
    }
    let outcome = Outcome::new()
        .with("size", size)
        .with("type", args.kind.as_str())
        .with("filename", args.text())
        .with("fingerprint", found.as_ref().map_or("", |pair| pair.fingerprint.as_str()))
        .with("public_key", found.as_ref().map_or(String::new(), |pair| pair.public.bare()))
        .with("comment", found.as_ref().map_or("", |pair| pair.public.comment.as_str()));
    Ok(outcome)
}

impl Args {
    fn text(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }
    fn public_path(&self) -> PathBuf {
        PathBuf::from(format!("{}.pub", self.path.display()))
    }

    fn refuse(&self) -> Result<()> {
        let problem = |arg: &str, text: &str| Err(Failure::new(text).of_arg(arg));
        if self.passphrase.as_ref().is_some_and(|p| !p.is_empty()) {
            return problem("passphrase", "passphrase: keys with a passphrase are not supported");
        }
        if self.backend == "cryptography" {
            return problem("backend", "backend: keys are made by ssh-keygen (opensshbin) alone");
        }
        if matches!(self.private_key_format.as_str(), "pkcs1" | "pkcs8") {
            return problem(
                "private_key_format",
                "private_key_format: only OpenSSH's own format is supported",
            );
        }
        Ok(())
    }

    /// The size of the key in bits.
    fn bits(&self) -> Result<i64> {
        Ok(match (self.kind.as_str(), self.size) {
            ("rsa" | "rsa1", Some(size)) if size < 1024 => fail!(
                "For RSA keys, the minimum size is 1024 bits and the default is 4096 bits. Attempting to use bit \
                 lengths under 1024 will cause the module to fail."
            ),
            ("rsa" | "rsa1", size) => size.unwrap_or(4096),
            ("dsa", Some(size)) if size != 1024 => {
                fail!("DSA keys must be exactly 1024 bits as specified by FIPS 186-2.")
            }
            ("dsa", _) => 1024,
            ("ecdsa", Some(size)) if !matches!(size, 256 | 384 | 521) => fail!(
                "For ECDSA keys, size determines the key length by selecting from one of three elliptic curve \
                 sizes: 256, 384 or 521 bits. Attempting to use bit lengths other than these three values for \
                 ECDSA keys will cause this module to fail."
            ),
            ("ecdsa", size) => size.unwrap_or(256),
            _ => 256,
        })
    }
}

/// The pair that is wanted.
struct Keys<'a> {
    program: String,
    args: &'a Args,
    size: i64,
}

impl Keys<'_> {
    /// Whether the key that is there gives way to a new one.
    fn gives_way(&self, found: Option<&Pair>) -> Result<bool> {
        let (force, how) = (self.args.force, self.args.regenerate);
        if force || how == Regenerate::Always {
            return Ok(true);
        }
        let Some(pair) = found else {
            if how == Regenerate::FullIdempotence {
                return Ok(true);
            }
            fail!(
                "Unable to read the key. The key is protected with a passphrase or broken. Will not proceed. To \
                 force regeneration, call the module with `generate` set to `full_idempotence` or `always`, or \
                 with `force=true`."
            );
        };
        let same = pair.public.kind() == self.args.kind && pair.size == self.size;
        if !same && how == Regenerate::Fail {
            fail!(
                "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with \
                 `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`."
            );
        }
        Ok(!same && how != Regenerate::Never)
    }

    /// Make both halves under other names and move them into place.
    fn generate(&self, host: &mut Host) -> Result<Option<Pair>> {
        host.mark_changed();
        if host.check_mode() {
            return Ok(None);
        }
        let name = self.args.path.file_name().unwrap_or_default().to_string_lossy();
        let fresh = self.args.path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let (path, public) = (fresh.to_string_lossy().into_owned(), format!("{}.pub", fresh.display()));
        host.remove(&path)?;
        let comment = self.args.comment.as_deref().unwrap_or_default();
        let mut argv = vec![self.program.as_str(), "-q", "-N", "", "-t", &self.args.kind, "-C", comment];
        let size = self.size.to_string();
        if matches!(self.args.kind.as_str(), "rsa" | "rsa1" | "dsa" | "ecdsa") {
            argv.extend(["-b", &size]);
        }
        argv.extend(["-f", &path]);
        let out = host.query(&Command::new(argv).plain_language())?;
        out.or_fail(|out| format!("{}{}", out.stdout, out.stderr).trim().to_string())?;
        let mut pair = Pair::read(host, &self.program, &path)?;
        host.rename(&path, &self.args.path)?;
        host.rename(&public, self.args.public_path())?;
        if let Some(pair) = pair.as_mut() {
            pair.public.comment = comment.to_string();
        }
        Ok(pair)
    }

    /// The comment is the public file's, when that is of this key.
    fn add_comment(&self, host: &Host, pair: &mut Pair) -> Result<()> {
        let text = host.read_text(self.args.public_path())?.unwrap_or_default();
        if let Some(public) = PublicKey::of(&text).filter(|public| public.blob == pair.public.blob) {
            pair.public.comment = public.comment;
        }
        Ok(())
    }

    /// Give a public half that is missing, another key's or without the comment its content.
    fn repair_public(&self, host: &mut Host, pair: &mut Pair) -> Result<()> {
        let path = self.args.public_path();
        let before = host.read_text(&path)?;
        if let Some(comment) = &self.args.comment {
            pair.public.comment.clone_from(comment);
        }
        if before.as_deref().and_then(PublicKey::of).as_ref() != Some(&pair.public) {
            let line = pair.public.line() + "\n";
            host.edit(&path, before.as_deref(), &line, &Edit { quiet: true, ..Edit::default() })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::{Call, HostContext, Reply};

    use super::*;

    fn call(args: Dict, check: bool) -> Reply {
        let entry = crate::modules().first().unwrap();
        rustible_sdk::call(entry, &Call { args, check, ..Call::default() }, HostContext::default())
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what the module made")]
    fn a_pair_is_made_once_and_repaired_from_its_private_half() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let public = dir.path().join("key.pub");
        let args = |comment: &str| {
            dict! { "path" => path.to_string_lossy().as_ref(), "type" => "ed25519", "comment" => comment }
        };
        let changed = |reply: &Reply| reply.result.get("changed").and_then(Value::as_bool);
        assert_eq!(changed(&call(args("a b"), true)), Some(true));
        assert!(!path.exists());
        let made = call(args("a b"), false);
        assert_eq!(changed(&made), Some(true), "{:?}", made.result);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&public).unwrap();
        let key = made.result.get("public_key").and_then(Value::as_str).unwrap().to_string();
        assert_eq!(text, format!("{key} a b\n"));
        assert_eq!(changed(&call(args("a b"), false)), Some(false));
        assert_eq!(changed(&call(args("c"), false)), Some(true));
        std::fs::remove_file(&public).unwrap();
        assert_eq!(changed(&call(args("a b"), false)), Some(true));
        assert_eq!(std::fs::read_to_string(&public).unwrap(), text);
        let mut other = args("a b");
        other.insert("regenerate", "fail");
        other.insert("type", "rsa");
        let refused = call(other, false);
        assert!(refused.result.get("msg").and_then(Value::as_str).unwrap().starts_with("Key has wrong type"));
    }
}
