//! Requests as `get_url` and `uri` make them: credentials, redirections, conditions, what is told of an answer.

use std::{io::Read, time::SystemTime};

use flate2::read::GzDecoder;
use rustible_sdk::{Http, Request, Response, host::files::Stat, prelude::*};

/// Arguments of modules that make requests.
#[derive(Args, Debug, Clone)]
pub(crate) struct WebArgs {
    /// Ask for the content even when it did not change, and past caches.
    #[arg(default = false)]
    pub force: bool,
    /// `User-Agent`.
    #[arg(default = "ansible-httpget")]
    pub http_agent: String,
    /// Whether proxies of the environment are used.
    #[arg(default = true)]
    pub use_proxy: bool,
    /// Whether servers must prove who they are.
    #[arg(default = true)]
    pub validate_certs: bool,
    /// Send name and password at once instead of when asked.
    #[arg(default = false)]
    pub force_basic_auth: bool,
    /// File of the client's certificate (and key).
    pub client_cert: Option<PathBuf>,
    /// File of the client's key.
    pub client_key: Option<PathBuf>,
    /// GSSAPI; refused.
    #[arg(default = false)]
    pub use_gssapi: bool,
    /// Headers that redirected requests do not get.
    #[arg(default = Value::list())]
    pub unredirected_headers: Vec<String>,
    /// Unpack answers that are packed for their way.
    #[arg(default = true)]
    pub decompress: bool,
    /// Ciphers of TLS; refused.
    pub ciphers: Option<Vec<String>>,
    /// Look for name and password in `~/.netrc`.
    #[arg(default = true)]
    pub use_netrc: bool,
}

impl Default for WebArgs {
    fn default() -> Self {
        Self {
            force: false,
            http_agent: "ansible-httpget".to_string(),
            use_proxy: true,
            validate_certs: true,
            force_basic_auth: false,
            client_cert: None,
            client_key: None,
            use_gssapi: false,
            unredirected_headers: Vec::new(),
            decompress: true,
            ciphers: None,
            use_netrc: true,
        }
    }
}

/// One request.
#[derive(Default)]
pub(crate) struct Wish {
    pub url: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub timeout: u64,
    pub redirects: usize,
    /// Only when it is newer.
    pub since: Option<SystemTime>,
    /// File of authorities.
    pub ca: Option<String>,
}

/// What came of it.
pub(crate) struct Answer {
    /// -1 when there was no answer; 0 for a file.
    pub status: i64,
    /// Header lines in lower case, `url`, `msg`, `cookies` ...
    pub info: Dict,
    /// The content.
    pub body: Option<Box<dyn Read>>,
}

/// Make a request. No answer is an answer with the status -1.
pub(crate) fn fetch(host: &Host, web: &WebArgs, wish: &Wish) -> Result<Answer> {
    if web.use_gssapi {
        fail!("use_gssapi is not supported");
    }
    if web.ciphers.as_ref().is_some_and(|list| !list.is_empty()) {
        fail!("ciphers are not supported: TLS 1.2 and 1.3 with their modern ciphers are used");
    }
    if let Some(path) = wish.url.strip_prefix("file:") {
        return file(host, &wish.url, path);
    }
    if !wish.url.starts_with("http://") && !wish.url.starts_with("https://") {
        let scheme = wish.url.split(':').next().unwrap_or_default();
        fail!(url = mask(&wish.url), status = -1; "Request failed: <urlopen error unknown url type: {scheme}>");
    }
    let identity = match &web.client_cert {
        Some(cert) => {
            let key = web.client_key.as_ref().unwrap_or(cert);
            let read = |path: &Path| -> Result<Vec<u8>> {
                host.read(path)?.ok_or_else(|| Failure::new(format!("{} does not exist", path.display())))
            };
            Some((read(cert)?, read(key)?))
        }
        None => None,
    };
    let how = Http {
        timeout: wish.timeout,
        validate_certs: web.validate_certs,
        ca: wish.ca.clone(),
        identity,
        use_proxy: web.use_proxy,
        redirects: wish.redirects,
        redirect_safe_only: false,
        agent: web.http_agent.clone(),
    };
    let (url, credentials) = credentials(host, web, wish)?;
    let mut request = Request {
        method: wish.method.clone(),
        url,
        headers: headers(web, wish),
        body: wish.body.clone(),
        basic: None,
    };
    if web.force_basic_auth {
        request.basic.clone_from(&credentials);
    }
    let mut response = send(host, &how, request.clone(), &web.unredirected_headers);
    if response.as_ref().is_ok_and(|r| r.status == 401) && request.basic.is_none() && credentials.is_some() {
        request.basic = credentials;
        response = send(host, &how, request, &web.unredirected_headers);
    }
    match response {
        Ok(response) => Ok(told(response, web.decompress)),
        Err(failure) if failure.data.contains_key("status") => {
            let info = dict! { "url" => mask(&wish.url), "status" => -1, "msg" => failure.msg };
            Ok(Answer { status: -1, info, body: None })
        }
        Err(failure) => Err(failure),
    }
}

/// Send it; where some headers are for the first server alone, redirections are followed here.
fn send(host: &Host, how: &Http, mut request: Request, only_first: &[String]) -> Result<Response> {
    if only_first.is_empty() || how.redirects == 0 {
        return host.http(how, &request);
    }
    let one = Http { redirects: 0, ..how.clone() };
    let mut left = how.redirects;
    loop {
        let response = host.http(&one, &request)?;
        let target = response.header("location").filter(|_| matches!(response.status, 301..=303 | 307 | 308));
        let Some(target) = target.filter(|_| left > 0).map(|target| join(&request.url, target)) else {
            return Ok(response);
        };
        left -= 1;
        if response.status <= 303 && request.method != "HEAD" {
            (request.method, request.body) = ("GET".to_string(), None);
        }
        request.url = target;
        request.basic = None;
        request.headers.retain(|(name, _)| !only_first.iter().any(|own| own.eq_ignore_ascii_case(name)));
    }
}

/// Where a reference leads from a URL.
pub(crate) fn join(base: &str, target: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", base));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    if target.contains("://") {
        return target.to_string();
    }
    if let Some(other) = target.strip_prefix("//") {
        return format!("{scheme}://{other}");
    }
    if target.starts_with('/') {
        return format!("{scheme}://{authority}{target}");
    }
    let folder =
        path.split(['?', '#']).next().unwrap_or("/").rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{authority}{folder}/{target}")
}

fn headers(web: &WebArgs, wish: &Wish) -> Vec<(String, String)> {
    let mut headers = wish.headers.clone();
    let has = |name: &str| wish.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    if !has("accept-encoding") {
        headers.push(("Accept-Encoding".to_string(), "identity".to_string()));
    }
    if web.force {
        headers.push(("cache-control".to_string(), "no-cache".to_string()));
    } else if let Some(since) = wish.since.and_then(|time| jiff::Timestamp::try_from(time).ok()) {
        headers
            .push(("If-Modified-Since".to_string(), since.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    }
    headers
}

fn file(host: &Host, url: &str, path: &str) -> Result<Answer> {
    let path = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//")).unwrap_or(path);
    let path = format!("/{}", path.trim_start_matches('/'));
    let Some(stat) = host.stat(&path, true)?.filter(Stat::is_file) else {
        let msg = format!("Request failed: <urlopen error [Errno 2] No such file or directory: '{path}'>");
        return Ok(Answer {
            status: -1,
            info: dict! { "url" => url, "status" => -1, "msg" => msg },
            body: None,
        });
    };
    let info = dict! {
        "url" => url, "status" => Value::Null, "content-length" => stat.len().to_string(),
        "msg" => format!("OK ({} bytes)", stat.len()),
    };
    Ok(Answer { status: 0, info, body: Some(host.open(&path)?) })
}
type Basic = Option<(String, String)>;

/// The URL without, and the credentials: of the arguments, of the URL, of `~/.netrc`.
fn credentials(host: &Host, web: &WebArgs, wish: &Wish) -> Result<(String, Basic)> {
    let (scheme, rest) = wish.url.split_once("://").unwrap_or(("http", &wish.url));
    let (authority, tail) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (inside, place) =
        authority.rsplit_once('@').map_or((None, authority), |(inside, place)| (Some(inside), place));
    let url = format!("{scheme}://{place}{tail}");
    if let Some(user) = wish.user.as_ref().filter(|user| !user.is_empty()) {
        return Ok((url, Some((user.clone(), wish.password.clone().unwrap_or_default()))));
    }
    if let Some(inside) = inside {
        let (user, password) = inside.split_once(':').unwrap_or((inside, ""));
        return Ok((url, Some((user.to_string(), password.to_string()))));
    }
    let asked = host.env("NETRC").unwrap_or_else(|| host.expand("~/.netrc"));
    let text = if web.use_netrc { host.read_text(asked)?.unwrap_or_default() } else { String::new() };
    let name = place.rsplit_once(':').map_or(place, |(name, _)| name);
    Ok((url, netrc(&text, name)))
}

fn netrc(text: &str, machine: &str) -> Basic {
    let (mut user, mut password, mut own) = (None, None, false);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" if own && user.is_some() => break,
            "machine" => own = words.next() == Some(machine),
            "default" => own = true,
            "login" if own => user = words.next(),
            "password" if own => password = words.next(),
            "login" | "password" | "account" => drop(words.next()),
            _ => {}
        }
    }
    own.then(|| Some((user?.to_string(), password.unwrap_or_default().to_string())))?
}

fn told(response: Response, decompress: bool) -> Answer {
    let mut info = Dict::new();
    for (name, value) in &response.headers {
        let name = name.to_lowercase();
        let value = match info.get(&name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier}, {value}"),
            None => value.clone(),
        };
        info.insert(name, value);
    }
    let cookies: Dict = response
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let line = cookies.texts().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    info.insert("cookies_string", line.collect::<Vec<_>>().join("; "));
    info.insert("cookies", cookies);
    let good = response.status < 300;
    let size = response.header("content-length").unwrap_or("unknown");
    let msg = if good {
        format!("OK ({size} bytes)")
    } else {
        format!("HTTP Error {}: {}", response.status, response.reason)
    };
    info.insert("msg", msg);
    info.insert("url", mask(&response.url));
    info.insert("status", u32::from(response.status));
    let packed = decompress && response.header("content-encoding") == Some("gzip");
    let status = i64::from(response.status);
    let body: Box<dyn Read> = if packed { Box::new(GzDecoder::new(response)) } else { Box::new(response) };
    Answer { status, info, body: Some(body) }
}

/// The URL with its password hidden.
pub(crate) fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    match authority.rsplit_once('@').and_then(|(inside, place)| Some((inside.split_once(':')?.0, place))) {
        Some((user, place)) => format!("{scheme}://{user}:********@{place}{tail}"),
        None => url.to_string(),
    }
}

/// The last part of a URL's path, or `index.html`.
pub(crate) fn file_name(url: &str) -> String {
    let path =
        url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { "index.html".to_string() } else { name.to_string() }
}

/// The name that `Content-Disposition` gives a file, without folders.
pub(crate) fn disposition(info: &Dict) -> Option<String> {
    let text = info.get("content-disposition")?.as_str()?;
    let value = text.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
    let name = value.trim_matches('"').rsplit('/').next().unwrap_or_default();
    (!name.is_empty() && name != "." && name != "..").then(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_urls_and_headers() {
        assert_eq!(file_name("https://a.b/c/d.tar.gz?x=/y"), "d.tar.gz");
        assert_eq!(file_name("https://a.b"), "index.html");
        let said = dict! { "content-disposition" => "attachment; filename=\"../../x.deb\"" };
        assert_eq!(disposition(&said).as_deref(), Some("x.deb"));
        assert_eq!(mask("http://u:secret@h/p"), "http://u:********@h/p");
    }

    #[test]
    fn netrc_knows_machines() {
        let text = "machine a login x password 1\nmachine b\n login y\n password 2\ndefault login z";
        assert_eq!(netrc(text, "b"), Some(("y".to_string(), "2".to_string())));
        assert_eq!(netrc(text, "c"), Some(("z".to_string(), String::new())));
    }
}
