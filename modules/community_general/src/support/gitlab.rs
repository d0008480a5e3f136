//! The API of GitLab, version 4.

use std::{path::PathBuf, thread, time::Duration};

use rustible_sdk::{Args, Dict, Failure, Host, Http, Request, Result, Value, dict, json};

/// How often a server that asks for patience is asked again.
const TRIES: u32 = 4;

/// What every module takes to reach a server.
#[derive(Args, Debug, Clone)]
pub(crate) struct Auth {
    /// Address of the server (`https://gitlab.example.com`).
    api_url: Option<String>,
    /// A personal, project or group token.
    #[arg(no_log)]
    api_token: Option<String>,
    /// A token of OAuth.
    #[arg(no_log)]
    api_oauth_token: Option<String>,
    /// A token of a job.
    #[arg(no_log)]
    api_job_token: Option<String>,
    /// Who logs in by password.
    api_username: Option<String>,
    /// The password.
    #[arg(no_log)]
    api_password: Option<String>,
    /// File of authorities the server's certificate is checked with.
    ca_path: Option<PathBuf>,
    /// Whether the server must prove who it is.
    #[arg(default = true)]
    validate_certs: bool,
}

/// An answer.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// What it holds.
    pub(crate) data: Value,
    next_page: Option<String>,
}

impl Answer {
    /// Whether the server did what it was asked.
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
    /// What it says is wrong: `401: 401 Unauthorized`.
    pub(crate) fn problem(&self) -> String {
        let said = self.data.get("message").or_else(|| self.data.get("error"));
        let text = match said {
            Some(Value::Str(text)) => text.as_str().to_string(),
            Some(other) => json::dumps(other),
            None => String::new(),
        };
        format!("{}: {text}", self.status)
    }
    /// A failure of this answer with words in front, and what the user can do about it where that can be told.
    pub(crate) fn failure(&self, words: &str) -> Failure {
        let problem = self.problem();
        let failure = Failure::new(format!("{words}: {problem}"));
        match self.status {
            401 => failure.hint(
                "Check the token: it may be mistyped, expired, revoked, or belong to another server.",
            ),
            403 if problem.contains("insufficient_scope") => failure.hint(
                "The token lacks the scope `api`: make one that has it (at GitLab: Edit profile, Access tokens) and use it in its place.",
            ),
            403 => failure.hint("The token's user needs the role Maintainer in the project."),
            _ => failure,
        }
    }
    /// Whether the server has this already.
    pub(crate) fn taken(&self) -> bool {
        self.status == 400 && self.problem().contains("already been taken")
    }
}

/// A server, logged in.
pub(crate) struct GitLab {
    base: String,
    header: (String, String),
    how: Http,
}

impl GitLab {
    /// Log in and see whether that holds.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let in.
    pub(crate) fn new(auth: &Auth, host: &Host) -> Result<Self> {
        let Some(url) = auth.api_url.clone().or_else(|| host.env("GITLAB_URL")) else {
            return Err(
                Failure::new("Failed to connect to GitLab server: api_url is missing").of_arg("api_url")
            );
        };
        let site = url.trim_end_matches('/').trim_end_matches("/api/v4").to_string();
        let how = Http {
            timeout: 30,
            validate_certs: auth.validate_certs,
            ca: auth.ca_path.as_ref().map(|path| path.to_string_lossy().into_owned()),
            redirect_safe_only: true,
            ..Http::default()
        };
        let bearer = |token: &str| ("Authorization".to_string(), format!("Bearer {token}"));
        let mut server = Self { base: format!("{site}/api/v4"), header: bearer(""), how };
        let environment = host.env("GITLAB_TOKEN");
        server.header = if let Some(token) = &auth.api_token {
            ("PRIVATE-TOKEN".to_string(), token.clone())
        } else if let Some(token) = &auth.api_oauth_token {
            bearer(token)
        } else if let Some(token) = &auth.api_job_token {
            return Ok(Self { header: ("JOB-TOKEN".to_string(), token.clone()), ..server });
        } else if let (Some(user), Some(password)) = (&auth.api_username, &auth.api_password) {
            bearer(&server.exchange(host, &site, user, password)?)
        } else if let Some(token) = environment {
            ("PRIVATE-TOKEN".to_string(), token)
        } else {
            return Err(Failure::new(
                "Failed to connect to GitLab server: no token and no password was given",
            ));
        };
        let who = server.ask(host, "GET", "/user", None)?;
        if !who.ok() {
            return Err(who.failure("Failed to connect to GitLab server"));
        }
        Ok(server)
    }

    /// A token for a password.
    fn exchange(&self, host: &Host, site: &str, user: &str, password: &str) -> Result<String> {
        if host.check_mode() {
            return Err(Failure::new("A password is not exchanged for a token in check mode: give a token"));
        }
        let body = dict! { "grant_type" => "password", "username" => user, "password" => password };
        let answer = self.send(host, "POST", &format!("{site}/oauth/token"), Some(&body), false)?;
        let token = answer.data.get("access_token").and_then(Value::as_str);
        let refused = || answer.failure("Failed to connect to GitLab server");
        token.map(str::to_string).ok_or_else(refused)
    }

    /// Ask the server; statuses are the caller's to judge. Who only looks is patient with a server that is busy.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) fn ask(&self, host: &Host, method: &str, path: &str, body: Option<&Dict>) -> Result<Answer> {
        let mut pause = Duration::from_millis(500);
        for _ in 1..TRIES {
            let answer = self.send(host, method, &format!("{}{path}", self.base), body, true);
            let again = match &answer {
                Ok(answer) => answer.status == 429 || (method == "GET" && answer.status >= 500),
                Err(_) => method == "GET",
            };
            if !again {
                return answer;
            }
            host.still_wanted()?;
            thread::sleep(pause);
            pause *= 2;
        }
        self.send(host, method, &format!("{}{path}", self.base), body, true)
    }

    fn send(&self, host: &Host, method: &str, url: &str, body: Option<&Dict>, badge: bool) -> Result<Answer> {
        let mut request = Request { method: method.to_string(), url: url.to_string(), ..Request::default() };
        if badge {
            request.headers.push(self.header.clone());
        }
        if let Some(body) = body {
            request.headers.push(("Content-Type".to_string(), "application/json".to_string()));
            request.body = Some(json::dumps(&Value::Dict(body.clone())).into_bytes());
        }
        let problem = |e: Failure| {
            Failure::new(format!("Failed to connect to GitLab server: {}", e.msg))
                .hint("Check api_url, and that the server's certificate is known here (ca_path).")
        };
        let answer = host.http(&self.how, &request).map_err(problem)?;
        let next_page = answer.header("x-next-page").filter(|page| !page.is_empty()).map(str::to_string);
        let status = answer.status;
        let text = String::from_utf8_lossy(&answer.bytes()?).into_owned();
        Ok(Answer { status, data: json::read(&text).unwrap_or_default(), next_page })
    }

    /// All pages of a list.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn list(&self, host: &Host, path: &str) -> Result<Vec<Value>> {
        let (mut all, mut page) = (Vec::new(), "1".to_string());
        loop {
            let answer = self.ask(host, "GET", &format!("{path}?per_page=100&page={page}"), None)?;
            if !answer.ok() {
                return Err(Failure::new(answer.problem()).with("error", i64::from(answer.status)));
            }
            all.extend(answer.data.as_list().cloned().unwrap_or_default().iter().cloned());
            match answer.next_page {
                Some(next) => page = next,
                None => return Ok(all),
            }
        }
    }

    /// The number of a project, by number or path, or by a name among the user's own.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(crate) fn project(&self, host: &Host, name: &str) -> Result<Option<String>> {
        let mut names = vec![name.to_string()];
        if !name.contains('/') {
            let who = self.ask(host, "GET", "/user", None)?;
            names.extend(
                who.data.get("username").and_then(Value::as_str).map(|user| format!("{user}/{name}")),
            );
        }
        for name in names {
            let answer = self.ask(host, "GET", &format!("/projects/{}", encoded(&name)), None)?;
            if answer.ok() {
                return Ok(answer.data.get("id").map(rustible_sdk::repr::str));
            }
            if answer.status != 404 {
                return Err(Failure::new(answer.problem()));
            }
        }
        Ok(None)
    }
}

/// Text as one part of a path: slashes as `%2F`.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
