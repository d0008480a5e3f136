//! `ansible.builtin.known_hosts`: keys by which SSH knows other hosts, found and hashed by `ssh-keygen`.

use rustible_sdk::prelude::*;

/// Add or remove hosts' keys.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The host.
    #[arg(alias("host"))]
    name: String,
    /// A line of the file, with the host in front.
    key: Option<String>,
    /// The file.
    #[arg(default = "~/.ssh/known_hosts")]
    path: PathBuf,
    /// Whether names are kept as hashes.
    #[arg(default = false)]
    hash_host: bool,
    /// Whether the key is to be there.
    #[arg(default = "present")]
    state: State,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

/// What the file has for a host.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// The host, with other keys only, or no key was asked for.
    Host,
    /// The key itself, in that line (from 1).
    Same(usize),
    /// Another key of the same type, in that line.
    Other(usize),
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let name = args.name.to_lowercase();
    let keygen = host.need_program("ssh-keygen")?;
    let present = args.state == State::Present;
    let given = args.key.as_deref().map(str::trim).filter(|key| !key.is_empty());
    let key = match given {
        None if present => fail!("No key specified when adding a host"),
        None => None,
        Some(key) if args.hash_host => Some(hashed(&keygen, &name, key, host)?),
        Some(key) => Some(key.to_string()),
    };
    if let Some(key) = &key {
        fits(&keygen, &name, key, host)?;
    }
    let before = host.read_text(&args.path)?;
    let found = match &before {
        None => Found::Nothing,
        Some(_) => search(&keygen, &name, key.as_deref(), &args.path, host)?,
    };
    let text = before.clone().unwrap_or_default();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let added = key.as_ref().map(|key| format!("{key}\n")).unwrap_or_default();
    let path = args.path.to_string_lossy().into_owned();
    match (&found, present) {
        (Found::Same(_), true) | (Found::Nothing, false) => {}
        (Found::Host, false) if key.is_some() => {}
        (Found::Host, false) => {
            let words = [keygen.as_str(), "-R", &name, "-f", &path];
            host.change(&Command::new(words))?.or_fail(|o| o.stderr.trim_end().to_string())?;
        }
        // A key of the same type goes too, whatever it is.
        (Found::Same(line) | Found::Other(line), false) => drop(lines.remove(line - 1)),
        (Found::Other(line), true) => {
            lines.remove(line - 1);
            lines.push(&added);
        }
        (Found::Nothing | Found::Host, true) => lines.push(&added),
    }
    let after = lines.concat();
    if after != text {
        host.write(&args.path, &mut after.as_bytes(), &Edit::default())?;
    }
    let diff = dict! {
        "before_header" => if before.is_some() { path.as_str() } else { "/dev/null" },
        "after_header" => path.as_str(),
        "before" => text.as_str(),
        "after" => after,
    };
    let out = Outcome::new().with("name", args.name).with("key", args.key).with("path", path.as_str());
    let out = out.with("hash_host", args.hash_host).with("state", args.state.as_str());
    let mut out = out.with("diff", diff);
    host.add_path_info(&mut out.0, &args.path)?;
    Ok(out)
}

/// The key with its host as a hash.
fn hashed(keygen: &str, name: &str, key: &str, host: &Host) -> Result<String> {
    let mut words: Vec<&str> = key.split_whitespace().collect();
    let marker = words.first().is_some_and(|word| word.starts_with('@')).then(|| words.remove(0));
    if words.is_empty() {
        fail!("the key has no host in front");
    }
    if let Some(first) = words.first_mut() {
        *first = name;
    }
    let folder = host.temp_dir()?;
    // ssh-keygen leaves the old file beside the new one; the folder takes both away.
    let temp = host.temp_from(&mut (words.join(" ") + "\n").as_bytes(), Some(folder.path()))?;
    let file = temp.path().to_string_lossy().into_owned();
    let hash = Command::new([keygen, "-q", "-H", "-f", &file]);
    host.query(&hash)?.or_fail(|o| o.stderr.trim_end().to_string())?;
    let text = host.read_text(&file)?.unwrap_or_default();
    let line = text.trim();
    Ok(marker.map_or_else(|| line.to_string(), |marker| format!("{marker} {line}")))
}

/// Whether a key is one of the host's, as `ssh-keygen` sees it.
fn fits(keygen: &str, name: &str, key: &str, host: &Host) -> Result<()> {
    if name.split(',').count() > 1 {
        fail!(
            "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file."
        );
    }
    let file = host.temp_file(format!("{key}\n").as_bytes())?;
    let path = file.path().to_string_lossy().into_owned();
    let output = host.query(&Command::new([keygen, "-F", name, "-f", &path]))?;
    if !output.stdout.is_empty() {
        return Ok(());
    }
    let text = "Host parameter does not match hashed host field in supplied key";
    let mut failure = Failure::new(text).with("rc", output.rc);
    if !output.stderr.is_empty() {
        failure = failure.with("stderr", output.stderr);
    }
    Err(failure)
}

fn search(keygen: &str, name: &str, key: Option<&str>, path: &Path, host: &Host) -> Result<Found> {
    let output = host.query(&Command::new([keygen, "-F", name, "-f", &path.to_string_lossy()]))?;
    // Older ones end with 0 when there is nothing.
    if output.stdout.is_empty() && output.stderr.is_empty() && matches!(output.rc, 0 | 1) {
        return Ok(Found::Nothing);
    }
    if !output.ok() {
        let Output { rc, stdout, stderr } = output;
        fail!("ssh-keygen failed (rc={rc}, stdout='{stdout}',stderr='{stderr}')");
    }
    Ok(key.map_or(Found::Host, |key| compared(&output.stdout, key)))
}

/// Marker, host, type and key of a line; what comes behind says nothing.
fn parts(line: &str) -> [&str; 4] {
    let mut words = line.split_whitespace().peekable();
    let marker = words.next_if(|word| word.starts_with('@')).unwrap_or_default();
    [
        marker,
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    ]
}

/// What `ssh-keygen -F` found, held against a key.
fn compared(output: &str, key: &str) -> Found {
    let mut wanted = parts(key);
    let mut number = 0;
    for line in output.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            let digits = line.split("found: line ").nth(1).and_then(|rest| rest.split_whitespace().next());
            number = digits.and_then(|digits| digits.parse().ok()).unwrap_or(number);
            continue;
        }
        let found = parts(line);
        let marked = found[0].starts_with("@cert-authority") || found[0].starts_with("@revoke");
        // The same host has another hash each time.
        if !marked && wanted[1].starts_with("|1|") && found[1].starts_with("|1|") {
            wanted[1] = found[1];
        }
        if wanted == found {
            return Found::Same(number);
        }
        if !marked && wanted[2] == found[2] {
            return Found::Other(number);
        }
    }
    Found::Host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_another_or_new() {
        let output =
            "# Host h found: line 3 \nh ssh-rsa AAA me@x\n# Host h found: line 5 \nh ssh-ed25519 BBB\n";
        assert_eq!(compared(output, "h ssh-ed25519 BBB you"), Found::Same(5));
        assert_eq!(compared(output, "h ssh-rsa CCC"), Found::Other(3));
        assert_eq!(compared(output, "h ecdsa-sha2-nistp256 DDD"), Found::Host);
        let hashed = "# Host h found: line 1 \n|1|abc=|def= ssh-rsa AAA\n";
        assert_eq!(compared(hashed, "|1|xyz=|uvw= ssh-rsa AAA"), Found::Same(1));
        let authority = "# Host h found: line 1 CA\n@cert-authority *.h ssh-rsa AAA\n";
        assert_eq!(compared(authority, "h ssh-rsa CCC"), Found::Host);
    }
}
