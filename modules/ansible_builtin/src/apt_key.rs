//! `ansible.builtin.apt_key`: keys that apt trusts, through the `apt-key` program.

use rustible_sdk::{Http, Request, prelude::*};

/// Add or remove keys of apt.
#[derive(Args)]
#[args(check = full, mutually_exclusive(data, file, keyserver, url))]
pub(crate) struct Args {
    /// The key's number.
    id: Option<String>,
    /// The key itself.
    data: Option<String>,
    /// A file of the target with the key.
    file: Option<PathBuf>,
    /// The keyring; apt's own by default.
    keyring: Option<PathBuf>,
    /// A server that has the key.
    keyserver: Option<String>,
    /// Where the key can be fetched.
    url: Option<String>,
    /// Whether the key is to be there.
    #[arg(default = "present")]
    state: State,
    /// Whether the server of the URL must prove who it is.
    #[arg(default = true)]
    validate_certs: bool,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

/// A number of a key in its three lengths.
#[derive(Debug, PartialEq, Eq)]
struct KeyId {
    short: String,
    /// The last 16 digits, or fewer when there are not as many.
    long: String,
    whole: String,
}

impl KeyId {
    fn of(text: &str) -> Option<Self> {
        let upper = text.to_uppercase();
        let whole = upper.strip_prefix("0X").unwrap_or(&upper).to_string();
        let length = whole.len();
        let valid = whole.chars().all(|c| c.is_ascii_hexdigit()) && (length == 8 || length >= 16);
        let tail = |digits: usize| whole.get(length.saturating_sub(digits)..).unwrap_or_default().to_string();
        let (short, long) = (tail(8), tail(16));
        valid.then_some(Self { short, long, whole })
    }
    fn is_short(&self) -> bool {
        self.whole.len() == 8
    }
    /// The form it has in a list of keys.
    fn listed(&self) -> &str {
        if self.is_short() { &self.short } else { &self.long }
    }
}

/// What has been found out before anything is changed.
struct Tools {
    apt_key: Vec<String>,
    gpg: String,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let mut apt_key = vec![host.need_program("apt-key")?];
    if let Some(ring) = &args.keyring {
        apt_key.extend(["--keyring".to_string(), ring.to_string_lossy().into_owned()]);
    }
    let tools = Tools { apt_key, gpg: host.need_program("gpg")? };
    let mut data = args.data.clone().map(String::into_bytes);
    let id = match &args.id {
        Some(id) => Some(id.clone()),
        None if args.keyserver.is_some() => fail!("Missing key_id, required with keyserver."),
        None => {
            if let Some(url) = &args.url {
                data = Some(download(url, &args, host)?);
            }
            match (&args.file, &data) {
                (Some(file), _) => tools.number_of(Some(file), None, host)?,
                (None, Some(data)) => tools.number_of(None, Some(data), host)?,
                (None, None) => None,
            }
        }
    };
    let mut result = dict! { "id" => id.clone() };
    let Some(key) = id.as_deref().and_then(KeyId::of) else {
        return Err(Failure { data: result, ..Failure::new("Invalid key_id") });
    };
    result.insert("short_id", key.short.as_str());
    result.insert("fp", key.long.as_str());
    result.insert("key_id", key.whole.as_str());
    let before = tools.keys(key.is_short(), host)?;
    result.insert("before", before.iter().map(|key| Value::str(key.as_str())).collect::<Vec<_>>());
    let there = before.iter().any(|known| known == key.listed());
    if there == (args.state == State::Present) {
        return Ok(Outcome(result));
    }
    host.mark_changed();
    if host.check_mode() {
        return Ok(Outcome(result));
    }
    let said = match args.state {
        State::Present => {
            tools.add(&args, &key, data, host)?;
            "failed to add the key"
        }
        State::Absent => {
            tools.remove(&key, host)?;
            "the key was not removed"
        }
    };
    let after = tools.keys(key.is_short(), host)?;
    result.insert("after", after.iter().map(|key| Value::str(key.as_str())).collect::<Vec<_>>());
    if after.iter().any(|known| known == key.listed()) != (args.state == State::Present) {
        let text = format!(
            "apt-key did not return an error, but {said} (check that the id is correct and *not* a subkey)"
        );
        result.insert("changed", true);
        return Err(Failure { data: result, ..Failure::new(text) });
    }
    Ok(Outcome(result))
}

fn download(url: &str, args: &Args, host: &Host) -> Result<Vec<u8>> {
    let how = Http { validate_certs: args.validate_certs, ..Http::default() };
    let shown = without_password(url);
    let answer = host.http(&how, &Request { url: url.to_string(), ..Request::default() });
    let answer = answer.map_err(|e| Failure::new(format!("Failed to download key at {shown}: {}", e.msg)))?;
    if answer.status != 200 {
        let said = format!("HTTP Error {}: {}", answer.status, answer.reason);
        fail!("Failed to download key at {shown}: {said}");
    }
    answer.bytes().map_err(|_| Failure::new(format!("Error getting key id from url: {shown}")))
}

/// An address without what would let others in.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}://***{}", rest.get(at..).unwrap_or_default()),
        None => url.to_string(),
    }
}

impl Tools {
    fn command(&self, words: &[&str]) -> Command {
        Command::new(self.apt_key.clone()).args(words.iter().copied()).plain_language()
    }

    fn keys(&self, short: bool, host: &Host) -> Result<Vec<String>> {
        let output = host.query(&self.command(&["adv", "--list-public-keys", "--keyid-format=long"]))?;
        let output = output.or_fail(|_| "Unable to list public keys".to_string())?;
        let keys = numbers(&output.stdout);
        let cut = |key: String| key.get(key.len().saturating_sub(8)..).unwrap_or_default().to_string();
        Ok(if short { keys.into_iter().map(cut).collect() } else { keys })
    }

    /// The number of the first key in a file, or in what is given.
    fn number_of(&self, file: Option<&Path>, data: Option<&[u8]>, host: &Host) -> Result<Option<String>> {
        let name = file.map_or("-".to_string(), |file| file.to_string_lossy().into_owned());
        let mut command = Command::new([self.gpg.as_str(), "--with-colons", &name]).plain_language();
        if let Some(data) = data {
            command = command.stdin(data);
        }
        let shown = if data.is_some() { "inline data" } else { &name };
        let output = host.query(&command)?.or_fail(|_| format!("Unable to extract key from '{shown}'"))?;
        Ok(numbers(&output.stdout).into_iter().next())
    }

    fn add(&self, args: &Args, key: &KeyId, data: Option<Vec<u8>>, host: &Host) -> Result<()> {
        if let Some(file) = &args.file {
            let file = file.to_string_lossy();
            let output = host.query(&self.command(&["add", &file]))?;
            return output.or_fail(|_| format!("Unable to add a key from file {file}")).map(drop);
        }
        if let Some(server) = &args.keyserver {
            return self.receive(server, key, host);
        }
        let data = match (data, &args.url) {
            (Some(data), _) => data,
            (None, Some(url)) => download(url, args, host)?,
            (None, None) => fail!("One of data, file, keyserver, url is needed to add the key"),
        };
        let output = host.query(&self.command(&["add", "-"]).stdin(data))?;
        output.or_fail(|_| "Unable to add a key from binary data".to_string()).map(drop)
    }

    fn receive(&self, server: &str, key: &KeyId, host: &Host) -> Result<()> {
        let mut command = self.command(&["adv", "--no-tty", "--keyserver", server]);
        let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
        if let Some(proxy) = names.iter().find_map(|name| host.env(name).filter(|value| !value.is_empty())) {
            command = command.args(["--keyserver-options".to_string(), format!("http-proxy={proxy}")]);
        }
        let command = command.args(["--recv", key.whole.as_str()]);
        let mut output = Output::default();
        for _ in 0..5 {
            output = host.query(&command)?;
            if output.ok() {
                return Ok(());
            }
        }
        if output.rc == 2 && output.stdout.contains("not found on keyserver") {
            fail!("Key {} not found on keyserver {server}", key.whole);
        }
        Err(output.failure(format!("Error fetching key {} from keyserver: {server}", key.whole)))
    }

    fn remove(&self, key: &KeyId, host: &Host) -> Result<()> {
        // Some versions of apt-key know keys only by their short numbers.
        let output = host.query(&self.command(&["del", &key.short]))?;
        output.or_fail(|_| format!("Unable to remove a key with id {}", key.short)).map(drop)
    }
}

/// Numbers of keys that have not expired, in gpg's list for people or the one with colons.
fn numbers(text: &str) -> Vec<String> {
    let keys = text.lines().filter(|line| line.starts_with("pub") || line.starts_with("sub"));
    let number = |line: &str| {
        let after_slash = line.split_whitespace().nth(1).and_then(|word| word.split_once('/'));
        let found = after_slash.map(|(_, number)| number).or_else(|| line.split(':').nth(4));
        found.map(str::to_string)
    };
    keys.filter(|line| !line.contains("expired")).filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_both_lists_and_expired_keys_are_left_out() {
        let people = "/etc/apt/trusted.gpg\n---\npub   rsa4096/3B4FE6ACC0B21F32 2012-05-11 [SC]\n\
                      sub   rsa4096/AAAABBBBCCCCDDDD 2012-05-11 [E] [expired: 2020-01-01]\n";
        assert_eq!(numbers(people), ["3B4FE6ACC0B21F32"]);
        let colons = "pub:-:4096:1:3B4FE6ACC0B21F32:1336774248:::-:::scSC::::::23::0:\nuid:-::::1:::x:\n";
        assert_eq!(numbers(colons), ["3B4FE6ACC0B21F32"]);
    }

    #[test]
    fn a_number_has_8_or_at_least_16_digits() {
        let key = KeyId::of("0x790bc7277767219c42c86f933b4fe6acc0b21f32").unwrap();
        assert_eq!((key.short.as_str(), key.long.as_str()), ("C0B21F32", "3B4FE6ACC0B21F32"));
        assert!(KeyId::of("C0B21F32").unwrap().is_short());
        assert_eq!(KeyId::of("ABC"), None);
        assert_eq!(KeyId::of("zzzzzzzz"), None);
    }

    #[test]
    fn passwords_of_addresses_are_not_told() {
        assert_eq!(without_password("https://u:p@h/k"), "https://***@h/k");
        assert_eq!(without_password("https://h/a@b"), "https://h/a@b");
    }
}
