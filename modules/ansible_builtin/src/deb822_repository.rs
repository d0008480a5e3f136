//! `ansible.builtin.deb822_repository`: sources of packages in apt's format of fields.

use rustible_sdk::{Http, Request, prelude::*};

/// Add or remove sources of packages in the format of fields.
#[derive(Args)]
#[args(check = full, mutually_exclusive(exclude, include))]
pub(crate) struct Args {
    /// Whether a repository may be used after it lost its signature.
    allow_downgrade_to_insecure: Option<bool>,
    /// Whether a repository without a signature may be used.
    allow_insecure: Option<bool>,
    /// Whether weak signatures are taken.
    allow_weak: Option<bool>,
    /// Architectures.
    architectures: Option<Vec<String>>,
    /// Whether files are fetched by their hashes.
    by_hash: Option<bool>,
    /// Whether dates in the future are refused.
    check_date: Option<bool>,
    /// Whether the end of validity is looked at.
    check_valid_until: Option<bool>,
    /// Components.
    components: Option<Vec<String>>,
    /// Seconds by which a date may be in the future.
    date_max_future: Option<i64>,
    /// Whether it is used.
    enabled: Option<bool>,
    /// Packages it does not offer.
    exclude: Option<Vec<String>>,
    /// The only packages it offers.
    include: Option<Vec<String>>,
    /// Where the release file is, from the place apt looks by default.
    inrelease_path: Option<String>,
    /// Install what the module needs; it needs nothing.
    #[arg(default = false)]
    install_python_debian: bool,
    /// Languages of translations.
    languages: Option<Vec<String>>,
    /// Its name, and that of its file.
    name: String,
    /// Whether lists are fetched as differences.
    pdiffs: Option<bool>,
    /// Key: a file of the target, an address, or the key itself.
    signed_by: Option<String>,
    /// Suites.
    suites: Option<Vec<String>>,
    /// What is fetched.
    targets: Option<Vec<String>>,
    /// Whether it is trusted whatever its signature.
    trusted: Option<bool>,
    /// Kinds of packages.
    #[arg(default = "deb", choices("deb", "deb-src"))]
    types: Vec<String>,
    /// Addresses.
    uris: Option<Vec<String>>,
    /// Permissions of the file.
    #[arg(default = "0644")]
    mode: Option<Value>,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: State,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

const KEYS: &str = "/etc/apt/keyrings";

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let _ = args.install_python_debian;
    let slug = slug(&args.name, host)?;
    let dest = sources(&slug);
    if args.state == State::Absent {
        host.remove(&dest)?;
        let keys = ["asc", "gpg"].map(|kind| format!("{KEYS}/{slug}.{kind}"));
        for key in &keys {
            host.remove(key)?;
        }
        let out = Outcome::new().with("repo", Value::Null).with("dest", dest);
        return Ok(out.with_some("key_filename", keys.into_iter().next_back()));
    }
    let (signed, file) = match &args.signed_by {
        Some(given) => key(given, &slug, host)?,
        None => (None, None),
    };
    let repo = args.text(signed.as_deref());
    let quiet = Edit { quiet: true, ..Edit::default() };
    host.edit(&dest, host.read_text(&dest)?.as_deref(), &repo, &quiet)?;
    permit(&dest, args.mode.clone(), host)?;
    let mut out = dict! { "repo" => repo, "dest" => dest.as_str(), "key_filename" => file };
    host.add_path_info(&mut out, &dest)?;
    Ok(Outcome(out))
}

fn permit(path: &str, mode: Option<Value>, host: &mut Host) -> Result<()> {
    if host.exists(path)? {
        let attrs = FileAttrs { mode, ..FileAttrs::default() };
        host.apply_attributes(path, &attrs, false)?;
    }
    Ok(())
}

fn sources(slug: &str) -> String {
    format!("/etc/apt/sources.list.d/{slug}.sources")
}

/// The name of the file: as it was given, unless an older rule for names made one that is there.
fn slug(name: &str, host: &Host) -> Result<String> {
    let old = older(name);
    let there = host.exists(sources(&old))?;
    Ok(if there { old } else { name.replace(' ', "-") })
}

fn older(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            '_' | '\u{1f}' => out.push('\u{1f}'),
            c if c.is_whitespace() => out.push('\u{1f}'),
            c if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' => out.push(c),
            // What has no place in a name still keeps its neighbours apart.
            _ => out.push('\0'),
        }
    }
    let mut joined = String::new();
    for c in out.chars() {
        if c != '\u{1f}' || !joined.ends_with('\u{1f}') {
            joined.push(c);
        }
    }
    joined.replace('\0', "").replace('\u{1f}', "-")
}

/// The value of the field, and the file with the key when there is one.
fn key(given: &str, slug: &str, host: &mut Host) -> Result<(Option<String>, Option<String>)> {
    let text = || Some(given.to_string());
    if host.stat(given, true).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_file())) {
        return Ok((text(), text()));
    }
    let is_address = given.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if !is_address {
        return Ok((text(), None));
    }
    let answer = host.http(&Http::default(), &Request { url: given.to_string(), ..Request::default() });
    let answer = answer.map_err(|e| Failure::new(format!("Could not fetch signed_by key. {}", e.msg)))?;
    if answer.status >= 400 {
        fail!("Could not fetch signed_by key. HTTP Error {}: {}", answer.status, answer.reason);
    }
    let bytes = answer.bytes()?;
    let begin: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let armored = bytes.windows(begin.len()).any(|window| window == begin);
    let file = format!("{KEYS}/{slug}.{}", if armored { "asc" } else { "gpg" });
    if host.read(&file)?.as_ref() != Some(&bytes) {
        if !host.is_dir(KEYS)? {
            host.make_dirs(KEYS)?;
            permit(KEYS, Some(Value::str("0755")), host)?;
        }
        host.write(&file, &mut bytes.as_slice(), &Edit { quiet: true, ..Edit::default() })?;
    }
    permit(&file, Some(Value::str("0644")), host)?;
    Ok((Some(file.clone()), Some(file)))
}

impl Args {
    /// All fields in the order of the arguments' names.
    fn text(&self, signed: Option<&str>) -> String {
        let yes = |given: Option<bool>| given.map(|yes| if yes { "yes" } else { "no" }.to_string());
        let list = |given: Option<&Vec<String>>| given.map(|items| items.join(" "));
        let fields = [
            ("Allow-Downgrade-To-Insecure", yes(self.allow_downgrade_to_insecure)),
            ("Allow-Insecure", yes(self.allow_insecure)),
            ("Allow-Weak", yes(self.allow_weak)),
            ("Architectures", list(self.architectures.as_ref())),
            ("By-Hash", yes(self.by_hash)),
            ("Check-Date", yes(self.check_date)),
            ("Check-Valid-Until", yes(self.check_valid_until)),
            ("Components", list(self.components.as_ref())),
            ("Date-Max-Future", self.date_max_future.map(|seconds| seconds.to_string())),
            ("Enabled", yes(self.enabled)),
            ("Exclude", list(self.exclude.as_ref())),
            ("Include", list(self.include.as_ref())),
            ("Inrelease-Path", self.inrelease_path.clone()),
            ("Languages", list(self.languages.as_ref())),
            ("X-Repolib-Name", Some(self.name.clone())),
            ("Pdiffs", yes(self.pdiffs)),
            ("Signed-By", signed.map(str::to_string)),
            ("Suites", list(self.suites.as_ref())),
            ("Targets", list(self.targets.as_ref())),
            ("Trusted", yes(self.trusted)),
            ("Types", Some(self.types.join(" "))),
            ("URIs", list(self.uris.as_ref())),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.map(|(name, value)| line(name, &value)).collect()
    }
}

/// A field; more lines are indented, and empty ones are dots.
fn line(name: &str, value: &str) -> String {
    if value.is_empty() {
        return format!("{name}:\n");
    }
    if !value.contains('\n') {
        return format!("{name}: {value}\n");
    }
    let lines = value.trim().lines().map(str::trim).map(|line| if line.is_empty() { "." } else { line });
    format!("{name}:\n{}", lines.map(|line| format!("    {line}\n")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::*;

    use super::*;

    #[test]
    fn a_source_comes_and_goes() {
        let host = Host::new(&rustible_sdk::Call::default(), rustible_sdk::HostContext::default());
        let folder = host.temp_dir().unwrap();
        let run = |state: &str, check: bool| {
            let args = dict! { "name" => "my repo", "uris" => "https://a.b/c", "suites" => "x", "enabled" => true,
            "signed_by" => "-----BEGIN\n\nabc\n", "state" => state };
            run_rooted(crate::entry("deb822_repository"), folder.path(), args, check, None).result
        };
        let file = folder.path().join("etc/apt/sources.list.d/my-repo.sources");
        let changed = |result: &Dict| result.get("changed") == Some(&Value::Bool(true));
        host.query(&Command::new(["mkdir", "-p", &file.parent().unwrap().to_string_lossy()])).unwrap();
        assert!(changed(&run("present", true)) && !host.exists(&file).unwrap());
        let done = run("present", false);
        assert!(changed(&done), "{done:?}");
        let text = "Enabled: yes\nX-Repolib-Name: my repo\nSigned-By:\n    -----BEGIN\n    .\n    abc\n\
                    Suites: x\nTypes: deb\nURIs: https://a.b/c\n";
        assert_eq!(host.read_text(&file).unwrap().as_deref(), Some(text));
        assert!(!changed(&run("present", false)));
        assert!(changed(&run("absent", false)) && !host.exists(&file).unwrap());
        assert!(!changed(&run("absent", false)));
    }

    #[test]
    fn names_of_older_files_are_found_again() {
        assert_eq!(older("My _ Repo.x!"), "my-repox");
    }
}
