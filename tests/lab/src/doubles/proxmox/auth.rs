//! Who asks: tickets with their CSRF tokens, API tokens, privileges.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::ask::{Outcome, Params, Refusal};
use super::facts::Method;
use super::settings::{Settings, User};
use super::state::{Centre, seconds};
use crate::doubles::web::{Request, decode, locked};

const LIFETIME: Duration = Duration::from_secs(2 * 3600);

/// The tickets given out so far.
pub(super) struct Sessions(Mutex<BTreeMap<String, Session>>);

struct Session {
    user: String,
    csrf: String,
    since: Instant,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(super) fn forget(&self) {
        locked(&self.0).clear();
    }

    fn open(&self, user: &str) -> (String, String) {
        let time = seconds();
        let ticket = format!("PVE:{user}:{time:08X}::{}", random());
        let csrf = format!("{time:08X}:{}", random());
        let session = Session { user: user.to_owned(), csrf: csrf.clone(), since: Instant::now() };
        locked(&self.0).insert(ticket.clone(), session);
        (ticket, csrf)
    }

    fn user(&self, ticket: &str) -> Option<(String, String)> {
        let sessions = locked(&self.0);
        let session = sessions.get(ticket).filter(|session| session.since.elapsed() < LIFETIME)?;
        Some((session.user.clone(), session.csrf.clone()))
    }
}

fn random() -> String {
    BASE64_STANDARD_NO_PAD.encode(rand::random::<[u8; 30]>())
}

/// Finds out who sends a request: the user's name, with `!token` behind it for a token. `method` is absent for paths that
/// do not exist, which only a known user may learn.
pub(super) fn who(centre: &Centre, request: &Request, method: Option<&Method>) -> Result<String, Refusal> {
    if method.is_some_and(|method| method.who.as_deref() == Some("world")) {
        return Ok(String::new());
    }
    if let Some(header) = request.header("authorization") {
        let token = header.strip_prefix("PVEAPIToken=").ok_or_else(|| Refusal::new(401, "No ticket"))?;
        let user = by_token(&centre.settings, token)?;
        return match method {
            Some(method) if !method.token => Err(Refusal::new(403, "API tokens are not allowed here")),
            _ => Ok(user),
        };
    }
    let ticket = cookie(request).ok_or_else(|| Refusal::new(401, "No ticket"))?;
    let (user, csrf) = centre
        .sessions
        .user(&ticket)
        .ok_or_else(|| Refusal::new(401, "permission denied - invalid PVE ticket"))?;
    if request.method != hyper::Method::GET && request.header("csrfpreventiontoken") != Some(&csrf) {
        return Err(Refusal::new(401, "Permission denied - invalid csrf token"));
    }
    Ok(user)
}

fn cookie(request: &Request) -> Option<String> {
    request.header("cookie")?.split(';').find_map(|piece| {
        let (name, value) = piece.trim().split_once('=')?;
        (name == "PVEAuthCookie").then(|| decode(value.trim_matches('"')))
    })
}

fn by_token(settings: &Settings, token: &str) -> Result<String, Refusal> {
    let (id, secret) = token.split_once('=').ok_or_else(|| Refusal::new(401, "invalid API token format"))?;
    let (name, token_id) = id.split_once('!').ok_or_else(|| Refusal::new(401, "invalid API token format"))?;
    let user = settings.users.iter().find(|user| user.name == name);
    let known = user.and_then(|user| user.tokens.iter().find(|(known, _)| known == token_id));
    match known {
        None => Err(Refusal::new(401, format!("no such token '{token_id}' for user '{name}'"))),
        Some((_, right)) if right != secret => Err(Refusal::new(401, "invalid token value!")),
        Some(_) => Ok(id.to_owned()),
    }
}

/// Whether the user may call this method.
pub(super) fn may(centre: &Centre, user: &str, method: &Method, path: &str) -> Result<(), Refusal> {
    if method.privileges.is_empty() {
        return Ok(());
    }
    if method.privileges.iter().any(|privilege| has(centre, user, privilege)) {
        return Ok(());
    }
    Err(Refusal::new(403, format!("Permission check failed ({path}, {})", method.privileges.join("|"))))
}

/// Whether the user has this privilege. Paths are not told apart.
pub(super) fn has(centre: &Centre, user: &str, privilege: &str) -> bool {
    account(centre, user).is_some_and(|known| {
        known.privileges.as_ref().is_none_or(|list| list.iter().any(|one| one == privilege))
    })
}

fn account<'a>(centre: &'a Centre, user: &str) -> Option<&'a User> {
    let name = user.split('!').next().unwrap_or(user);
    centre.settings.users.iter().find(|known| known.name == name)
}

/// `POST /access/ticket`: log in, or renew with the old ticket as the password.
pub(super) fn ticket(centre: &Centre, params: &Params) -> Outcome {
    let given = params.or("username", "");
    let name = match params.one("realm") {
        Some(realm) if !given.contains('@') => format!("{given}@{realm}"),
        _ => given.to_owned(),
    };
    let password = params.or("password", "");
    let known = account(centre, &name).filter(|_| !name.contains('!'));
    let renewed = centre.sessions.user(password).is_some_and(|(user, _)| user == name);
    match known {
        Some(user) if renewed || user.password == password => {
            let (ticket, csrf) = centre.sessions.open(&name);
            Ok(
                json!({"username": name, "ticket": ticket, "CSRFPreventionToken": csrf, "cap": capabilities()}),
            )
        }
        _ => Err(Refusal::new(401, "authentication failure")),
    }
}

fn capabilities() -> Value {
    json!({
        "access": {"User.Modify": 1},
        "dc": {"Sys.Audit": 1},
        "nodes": {"Sys.Audit": 1, "Sys.PowerMgmt": 1},
        "storage": {"Datastore.Allocate": 1, "Datastore.AllocateSpace": 1, "Datastore.AllocateTemplate": 1},
        "vms": {"VM.Allocate": 1, "VM.Audit": 1, "VM.Clone": 1, "VM.PowerMgmt": 1},
    })
}
