//! The API of Proxmox VE: log in, ask, change. One log-in per server and user serves all calls of the process.

use std::{
    collections::HashMap,
    io::Read,
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use reqwest::blocking::{Client, RequestBuilder, multipart::Form};
use rustible_sdk::{Args, Failure, Host, Http, Result, Value, json};

/// A ticket lives two hours; it is renewed long before.
const TICKET_AGE: Duration = Duration::from_secs(45 * 60);

/// What every module takes to reach a server.
#[derive(Args, Debug, Clone)]
pub(crate) struct Auth {
    /// Name or address of the server.
    #[arg(env("PROXMOX_HOST"))]
    api_host: String,
    /// Its port.
    #[arg(env("PROXMOX_PORT"))]
    api_port: Option<i64>,
    /// Who logs in: `user@realm`.
    #[arg(env("PROXMOX_USER"))]
    pub(crate) api_user: String,
    /// Password of the user.
    #[arg(no_log, env("PROXMOX_PASSWORD"))]
    api_password: Option<String>,
    /// Second factor.
    #[arg(no_log, env("PROXMOX_OTP"))]
    api_otp: Option<String>,
    /// Name of a token of the user.
    #[arg(env("PROXMOX_TOKEN_ID"))]
    pub(crate) api_token_id: Option<String>,
    /// Its secret.
    #[arg(no_log, env("PROXMOX_TOKEN_SECRET"))]
    api_token_secret: Option<String>,
    /// Seconds an answer may take.
    #[arg(default = 30, env("PROXMOX_API_TIMEOUT"))]
    api_timeout: u64,
    /// File of authorities the server's certificate is checked with.
    #[arg(env("PROXMOX_CA_PATH"))]
    ca_path: Option<PathBuf>,
    /// Whether the server must prove who it is.
    #[arg(default = true, env("PROXMOX_VALIDATE_CERTS"))]
    validate_certs: bool,
}

/// Parameters of a request.
pub(crate) type Params = Vec<(String, String)>;

/// Why the server did not do it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// The status; 0 when there was no answer.
    pub(crate) status: u16,
    /// What it says.
    pub(crate) text: String,
}
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = refusal.hint();
        let failure = Self::new(refusal.text);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
impl Refusal {
    /// What the user can do about it, where that can be told.
    fn hint(&self) -> Option<&'static str> {
        Some(match self.status {
            0 => {
                "Check api_host and api_port, and that the server's certificate is known here (ca_path) or is not to be checked."
            }
            401 => {
                "Check api_user (name@realm) and api_password, or api_token_id and api_token_secret: \
                 the server knows them not, or they have expired."
            }
            403 => "Give the user or token the privilege that is missing, or take another user.",
            _ => return no_room(&self.text),
        })
    }

    /// The same refusal with words in front.
    fn behind(self, words: &str) -> Failure {
        Self { text: format!("{words}: {}", self.text), ..self }.into()
    }
}

/// Advice for what a full storage says.
pub(crate) fn no_room(text: &str) -> Option<&'static str> {
    const WORDS: [&str; 4] = ["no space left", "not enough", "insufficient free space", "out of space"];
    let text = text.to_ascii_lowercase();
    let full = WORDS.iter().any(|words| text.contains(words));
    full.then_some(
        "The storage is full: free space in it (images and ISOs no longer needed) or name another storage.",
    )
}

#[derive(Clone)]
enum Badge {
    Ticket { cookie: String, csrf: String },
    Token(String),
}

/// Log-ins by what they were made with, and when.
type LogIns = HashMap<String, (Instant, Client, Badge)>;

/// A server, logged in.
pub(crate) struct Server {
    client: Client,
    base: String,
    badge: Badge,
    timeout: Duration,
    check: bool,
}

impl Server {
    /// Log in, or go on with an earlier log-in.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let in.
    pub(crate) fn new(auth: &Auth, host: &Host) -> Result<Self> {
        static KNOWN: OnceLock<Mutex<LogIns>> = OnceLock::new();
        let known = KNOWN.get_or_init(Mutex::default);
        let key = format!("{auth:?}");
        let base = format!("https://{}:{}/api2/json", auth.api_host, auth.api_port.unwrap_or(8006));
        let timeout = Duration::from_secs(auth.api_timeout.max(1));
        let old = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, client, badge)) = old.filter(|(made, ..)| made.elapsed() < TICKET_AGE) {
            return Ok(Self { client, base, badge, timeout, check: host.check_mode() });
        }
        let how = Http {
            timeout: auth.api_timeout,
            validate_certs: auth.validate_certs,
            ca: auth.ca_path.as_ref().map(|path| path.to_string_lossy().into_owned()),
            redirects: 0,
            ..Http::default()
        };
        let client = host.client(&how)?;
        let mut server =
            Self { client, base, badge: Badge::Token(String::new()), timeout, check: host.check_mode() };
        server.badge = server.log_in(auth)?;
        if let Badge::Token(_) = server.badge {
            server.get("/version", &[]).map_err(|e| e.behind("Failed to connect to Proxmox"))?;
        }
        let entry = (Instant::now(), server.client.clone(), server.badge.clone());
        known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, entry);
        Ok(server)
    }

    fn log_in(&self, auth: &Auth) -> Result<Badge> {
        if let (Some(id), Some(secret)) = (&auth.api_token_id, &auth.api_token_secret) {
            return Ok(Badge::Token(format!("PVEAPIToken={}!{id}={secret}", auth.api_user)));
        }
        let mut form = vec![
            ("username".to_string(), auth.api_user.clone()),
            ("password".to_string(), auth.api_password.clone().unwrap_or_default()),
        ];
        form.extend(auth.api_otp.as_ref().map(|otp| ("otp".to_string(), otp.clone())));
        let url = format!("{}/access/ticket", self.base);
        let request = form_of(self.client.post(url).timeout(self.timeout), &form);
        let words = format!("Failed to connect to Proxmox as {}", auth.api_user);
        let data = answer(request).map_err(|e| e.behind(&words))?;
        let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_string);
        match (text("ticket"), text("CSRFPreventionToken")) {
            (Some(ticket), Some(csrf)) => {
                Ok(Badge::Ticket { cookie: format!("PVEAuthCookie={ticket}"), csrf })
            }
            _ => Err(Failure::new(format!("Proxmox gave no ticket to {}", auth.api_user))),
        }
    }

    fn badged(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.badge {
            Badge::Token(token) => request.header("Authorization", token),
            Badge::Ticket { cookie, csrf } => {
                request.header("Cookie", cookie).header("CSRFPreventionToken", csrf)
            }
        }
    }

    /// What is at a path. A server that is busy is asked again.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Refusal> {
        let mut pause = Duration::from_millis(300);
        loop {
            let query: Params = query.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            let url = format!("{}{path}{mark}{}", self.base, pairs(&query));
            let request = self.client.get(url).timeout(self.timeout);
            match answer(self.badged(request)) {
                Err(e) if (e.status == 0 || e.status >= 595) && pause < Duration::from_secs(3) => {
                    thread::sleep(pause);
                    pause *= 3;
                }
                other => return other,
            }
        }
    }

    /// Change something: `POST`, `PUT` or `DELETE`. Never in check mode, never twice.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn change(&self, method: &str, path: &str, params: &Params) -> Result<Value, Refusal> {
        self.may_change(method, path)?;
        let url = format!("{}{path}", self.base);
        let request = match method {
            "POST" => form_of(self.client.post(url), params),
            "PUT" => form_of(self.client.put(url), params),
            _ if params.is_empty() => self.client.delete(url),
            _ => self.client.delete(format!("{url}?{}", pairs(params))),
        };
        answer(self.badged(request.timeout(self.timeout)))
    }

    /// Send a file; for as long as it takes.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn upload(&self, path: &str, form: Form) -> Result<Value, Refusal> {
        self.may_change("POST", path)?;
        answer(self.badged(self.client.post(format!("{}{path}", self.base)).multipart(form)))
    }

    fn may_change(&self, method: &str, path: &str) -> Result<(), Refusal> {
        if self.check {
            return Err(Refusal {
                status: 0,
                text: format!("{method} {path} may not be sent in check mode"),
            });
        }
        Ok(())
    }
}

fn answer(request: RequestBuilder) -> Result<Value, Refusal> {
    let broken = |e: &dyn std::error::Error| {
        let mut text = e.to_string();
        let mut next = e.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        Refusal { status: 0, text }
    };
    let mut answer = request.send().map_err(|e| broken(&e.without_url()))?;
    let status = answer.status();
    // The reason of a failure stands in the status line.
    let reason = answer.extensions().get::<hyper::ext::ReasonPhrase>();
    let reason = reason.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
    let reason = reason.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().to_string());
    let mut body = Vec::new();
    answer.read_to_end(&mut body).map_err(|e| broken(&e))?;
    let said = json::read(&String::from_utf8_lossy(&body)).unwrap_or_default();
    if status.is_success() {
        return Ok(said.get("data").cloned().unwrap_or_default());
    }
    let mut text = format!("{} {}", status.as_u16(), reason.trim());
    if let Some(message) = said.get("message").and_then(Value::as_str).filter(|m| !text.contains(m.trim())) {
        text = format!("{text}: {}", message.trim());
    }
    for (name, problem) in said.get("errors").and_then(Value::as_dict).cloned().unwrap_or_default().texts() {
        text = format!("{text}; {}: {}", name.as_str(), rustible_sdk::repr::str(problem).trim());
    }
    Err(Refusal { status: status.as_u16(), text })
}

/// Parameters as a query or form.
fn pairs(params: &Params) -> String {
    params.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

fn form_of(request: RequestBuilder, params: &Params) -> RequestBuilder {
    request.header("Content-Type", "application/x-www-form-urlencoded").body(pairs(params))
}

/// Text as part of a query or path.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
