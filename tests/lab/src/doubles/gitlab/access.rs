//! Who calls, and what the token allows.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::store::{Role, Scope, Store, Token, TokenKind};
use super::{Refusal, Response, ok};
use crate::doubles::web::Request;

/// A caller.
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) job: bool,
}

/// Finds the caller, and refuses tokens whose scopes do not reach for this method.
pub(super) fn caller(store: &Store, request: &Request, method: &str) -> Result<Caller, Refusal> {
    let unauthorized = || Refusal::message(StatusCode::UNAUTHORIZED, "401 Unauthorized");
    let bearer = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let (secret, job) = match (request.header("private-token").or(bearer), request.header("job-token")) {
        (Some(secret), _) => (secret, false),
        (None, Some(secret)) => (secret, true),
        (None, None) => return Err(unauthorized()),
    };
    let fits = |token: &&Token| token.secret == secret && (token.kind == TokenKind::Job) == job;
    let found = store.users.iter().find_map(|user| Some((user, user.tokens.iter().find(fits)?)));
    let (user, token) = found.ok_or_else(unauthorized)?;
    let reads = matches!(method, "GET" | "HEAD");
    let enough = token.scopes.contains(&Scope::Api) || (reads && token.scopes.contains(&Scope::ReadApi));
    if !enough {
        return Err(Refusal(
            StatusCode::FORBIDDEN,
            json!({
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": if reads { "api read_api" } else { "api" },
            }),
        ));
    }
    Ok(Caller { user: user.name.clone(), job })
}

/// The role of the caller in a project.
pub(super) fn role(store: &Store, caller: &Caller, project: &str) -> Option<Role> {
    let members = &store.project(project)?.members;
    members.iter().find(|(name, _)| *name == caller.user).map(|(_, role)| *role)
}

/// `GET /user`
pub(super) fn describe(store: &Store, caller: &Caller) -> Value {
    let id = store.users.iter().position(|user| user.name == caller.user).map_or(0, |place| place + 1);
    json!({
        "id": id, "username": caller.user, "name": caller.user, "state": "active", "locked": false, "is_admin": false,
        "web_url": format!("https://gitlab.com/{}", caller.user),
    })
}

/// `POST /oauth/token` with a name and a password.
pub(super) fn password_grant(store: &mut Store, params: &[(String, String)]) -> Result<Response, Refusal> {
    let param =
        |name: &str| params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let wrong = || {
        Refusal(
            StatusCode::BAD_REQUEST,
            json!({
                "error": "invalid_grant",
                "error_description": "The provided authorization grant is invalid, expired, revoked, does not match the \
                                      redirection URI used in the authorization request, or was issued to another client.",
            }),
        )
    };
    if param("grant_type") != "password" {
        return Err(Refusal(StatusCode::BAD_REQUEST, json!({"error": "unsupported_grant_type"})));
    }
    let (name, password) = (param("username").to_owned(), param("password").to_owned());
    let user = store
        .users
        .iter_mut()
        .find(|user| user.name == name && user.password == password)
        .ok_or_else(wrong)?;
    let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    user.tokens.push(Token { secret: secret.clone(), kind: TokenKind::OAuth, scopes: vec![Scope::Api] });
    Ok(ok(
        &json!({"access_token": secret, "token_type": "Bearer", "expires_in": 7200, "scope": "api", "created_at": 1}),
    ))
}
