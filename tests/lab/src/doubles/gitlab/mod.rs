//! A double of the GitLab API, version 4, as far as deploy keys need it.
//!
//! Users with personal, OAuth and job tokens, projects by number or path, deploy keys with pages, validation and the real
//! service's error bodies. Not imitated: everything else of GitLab (404), key expiry, public projects (a project is seen by its
//! members only), job tokens beyond reading a project, which the real service does not allow for deploy keys either. A key that is
//! known in another project is refused when it is posted, and can be enabled, whoever made it.

mod access;
mod keys;
mod pages;
mod store;

use std::sync::Mutex;

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use self::access::Caller;
use self::store::Store;
use super::web::{Answering, Request, Response, Site, decode, empty, json as json_answer, locked, pairs};

pub use store::{DeployKey, Project, Role, Scope, Settings, Token, TokenKind, User};

const BODY_LIMIT: usize = 1 << 20;

/// The double. It is a [`Site`]: put it under a [`super::web::Watched`].
pub struct GitLab {
    store: Mutex<Store>,
}

/// Why a call is refused: status and body.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) Value);

impl Refusal {
    fn message(status: StatusCode, text: &str) -> Self {
        Self(status, json!({"message": text}))
    }

    fn not_found(what: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, &format!("404 {what}Not Found"))
    }
}

/// A call after its body was read.
pub(super) struct Call {
    method: String,
    /// The path's parts, decoded, without `/api/v4`.
    parts: Vec<String>,
    params: Vec<(String, String)>,
    /// The URL without query, for links.
    url: String,
}

impl Call {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl GitLab {
    /// A double with these users and projects. Errors when the file of an earlier process cannot be understood.
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Self { store: Mutex::new(Store::new(settings)?) })
    }

    /// The deploy keys of a project, in the order they were made. None when there is no such project.
    pub fn deploy_keys(&self, project: &str) -> Option<Vec<DeployKey>> {
        locked(&self.store).project(project).map(|project| project.keys.clone())
    }

    /// Puts a deploy key into a project, as somebody else may have done. Does nothing when there is no such project.
    pub fn put_deploy_key(&self, project: &str, title: &str, key: &str, can_push: bool) {
        locked(&self.store).put(project, title, key, can_push);
    }

    async fn handle(&self, mut request: Request) -> Result<Response, Refusal> {
        let body = request.read(BODY_LIMIT).await;
        let body = body.map_err(|error| Refusal::message(StatusCode::BAD_REQUEST, &format!("{error:#}")))?;
        let mut params = pairs(&request.query);
        let fields = fields(request.header("content-type").unwrap_or_default(), &body)?;
        for (name, value) in &fields {
            request.note.param(name, value);
        }
        params.extend(fields);
        let host = request.header("host").unwrap_or(&request.host).to_owned();
        let url = format!("https://{host}{}", request.path);
        if request.path == "/oauth/token" {
            return access::password_grant(&mut locked(&self.store), &params);
        }
        let Some(path) = request.path.strip_prefix("/api/v4/") else { return Err(Refusal::not_found("")) };
        let parts = path.trim_end_matches('/').split('/').map(decode).collect();
        let call = Call { method: request.method.to_string(), parts, params, url };
        let mut store = locked(&self.store);
        let caller = access::caller(&store, &request, &call.method)?;
        let answer = route(&mut store, &caller, &call)?;
        if call.method != "GET" {
            let unkept = |error| {
                Refusal::message(StatusCode::INTERNAL_SERVER_ERROR, &format!("the double: {error:#}"))
            };
            store.save().map_err(unkept)?;
        }
        Ok(answer)
    }
}

impl Site for GitLab {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            self.handle(request).await.unwrap_or_else(|Refusal(status, body)| json_answer(status, &body))
        })
    }
}

fn route(store: &mut Store, caller: &Caller, call: &Call) -> Result<Response, Refusal> {
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["version"]) => Ok(ok(&json!({"version": "18.6.0", "revision": "rustible-lab"}))),
        ("GET", ["metadata"]) => Ok(ok(
            &json!({"version": "18.6.0", "revision": "rustible-lab", "kas": {"enabled": false}, "enterprise": false}),
        )),
        ("GET", ["user"]) => Ok(ok(&access::describe(store, caller))),
        ("GET", ["projects"]) => Ok(keys::projects(store, caller, call)),
        ("GET", ["projects", project]) => keys::project(store, caller, project),
        (_, ["projects", project, "deploy_keys", rest @ ..]) => {
            keys::route(store, caller, call, project, rest)
        }
        _ => Err(Refusal(StatusCode::NOT_FOUND, json!({"error": "404 Not Found"}))),
    }
}

fn ok(value: &Value) -> Response {
    json_answer(StatusCode::OK, value)
}

fn fields(media_type: &str, body: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let text = String::from_utf8_lossy(body);
    if !media_type.starts_with("application/json") {
        return Ok(pairs(&text));
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(&text) else {
        return Err(Refusal(
            StatusCode::BAD_REQUEST,
            json!({"error": "message body does not match declared format"}),
        ));
    };
    let plain = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, plain(value)))
        .collect())
}

fn no_content() -> Response {
    empty(StatusCode::NO_CONTENT)
}
