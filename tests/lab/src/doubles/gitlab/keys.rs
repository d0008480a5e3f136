//! Projects and their deploy keys.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::access::{Caller, role};
use super::store::{DeployKey, Project, Role, Store};
use super::{Call, Refusal, Response, no_content, ok, pages};
use crate::doubles::web::json as json_answer;

/// `GET /projects`: those of which the caller is a member.
pub(super) fn projects(store: &Store, caller: &Caller, call: &Call) -> Response {
    let wanted = call.param("search").unwrap_or_default().to_ascii_lowercase();
    let seen = store.projects.iter().filter(|project| {
        project.members.iter().any(|(name, _)| *name == caller.user)
            && project.path.to_ascii_lowercase().contains(&wanted)
    });
    pages::page(call, seen.map(describe).collect())
}

/// `GET /projects/:id`
pub(super) fn project(store: &Store, caller: &Caller, name: &str) -> Result<Response, Refusal> {
    visible(store, caller, name).map(|project| ok(&describe(project)))
}

fn visible<'a>(store: &'a Store, caller: &Caller, name: &str) -> Result<&'a Project, Refusal> {
    let project = store.project(name).filter(|_| role(store, caller, name).is_some());
    project.ok_or_else(|| Refusal::not_found("Project "))
}

fn describe(project: &Project) -> Value {
    let name = project.path.rsplit('/').next().unwrap_or_default();
    let group = project.path.rsplit_once('/').map_or("", |(group, _)| group);
    json!({
        "id": project.id, "name": name, "path": name, "path_with_namespace": project.path,
        "name_with_namespace": project.path.replace('/', " / "), "default_branch": "main", "visibility": "private",
        "namespace": {"full_path": group, "path": group.rsplit('/').next()},
        "ssh_url_to_repo": format!("git@gitlab.com:{}.git", project.path),
        "web_url": format!("https://gitlab.com/{}", project.path),
    })
}

fn show(key: &DeployKey) -> Value {
    json!({
        "id": key.id, "title": key.title, "key": key.key, "created_at": "2026-01-02T03:04:05.000Z", "expires_at": key.expires_at,
        "usage_type": "auth_and_signing", "can_push": key.can_push, "fingerprint": DeployKey::md5(&key.key),
        "fingerprint_sha256": DeployKey::sha256(&key.key),
    })
}

/// Everything under `/projects/:id/deploy_keys`.
pub(super) fn route(
    store: &mut Store,
    caller: &Caller,
    call: &Call,
    project: &str,
    rest: &[&str],
) -> Result<Response, Refusal> {
    if caller.job {
        return Err(Refusal::message(StatusCode::UNAUTHORIZED, "401 Unauthorized"));
    }
    visible(store, caller, project)?;
    if role(store, caller, project) < Some(Role::Maintainer) {
        return Err(Refusal::message(StatusCode::FORBIDDEN, "403 Forbidden"));
    }
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let keys = visible(store, caller, project)?.keys.iter().map(show).collect();
            Ok(pages::page(call, keys))
        }
        ("POST", []) => create(store, call, project),
        ("POST", [id, "enable"]) => enable(store, project, id),
        (_, [id]) => one(store, call, project, id),
        _ => Err(Refusal(StatusCode::NOT_FOUND, json!({"error": "404 Not Found"}))),
    }
}

fn one(store: &mut Store, call: &Call, project: &str, id: &str) -> Result<Response, Refusal> {
    let keys = &mut store.project_mut(project).ok_or_else(|| Refusal::not_found("Project "))?.keys;
    let place = keys
        .iter()
        .position(|key| key.id.to_string() == id)
        .ok_or_else(|| Refusal::not_found("Deploy Key "))?;
    match call.method.as_str() {
        "GET" => Ok(ok(&show(&keys[place]))),
        "DELETE" => {
            keys.remove(place);
            Ok(no_content())
        }
        "PUT" => {
            let key = &mut keys[place];
            if call.param("title").is_none() && call.param("can_push").is_none() {
                return Err(Refusal(
                    StatusCode::BAD_REQUEST,
                    json!({"error": "title, can_push are missing, at least one parameter must be provided"}),
                ));
            }
            if let Some(title) = call.param("title") {
                title.clone_into(&mut key.title);
            }
            if let Some(can_push) = call.param("can_push") {
                key.can_push = flag(can_push)?;
            }
            Ok(ok(&show(key)))
        }
        _ => Err(Refusal::message(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed")),
    }
}

fn flag(text: &str) -> Result<bool, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "t" | "on" => Ok(true),
        "false" | "0" | "f" | "off" => Ok(false),
        _ => Err(Refusal(StatusCode::BAD_REQUEST, json!({"error": "can_push is invalid"}))),
    }
}

fn create(store: &mut Store, call: &Call, project: &str) -> Result<Response, Refusal> {
    let missing: Vec<String> = ["key", "title"]
        .iter()
        .filter(|name| call.param(name).is_none())
        .map(|name| format!("{name} is missing"))
        .collect();
    if !missing.is_empty() {
        return Err(Refusal(StatusCode::BAD_REQUEST, json!({"error": missing.join(", ")})));
    }
    let (title, key) =
        (call.param("title").unwrap_or_default(), call.param("key").unwrap_or_default().trim());
    let can_push = call.param("can_push").map_or(Ok(false), flag)?;
    let mut wrong = Map::new();
    if title.is_empty() {
        wrong.insert("deploy_key.title".to_owned(), json!(["can't be blank"]));
    }
    match DeployKey::sha256(key) {
        None => {
            wrong.insert("deploy_key.key".to_owned(), json!(["is invalid"]));
            wrong.insert("deploy_key.fingerprint_sha256".to_owned(), json!(["cannot be generated"]));
        }
        Some(print) if taken(store, &print) => {
            wrong.insert("deploy_key.fingerprint_sha256".to_owned(), json!(["has already been taken"]));
        }
        Some(_) => {}
    }
    if !wrong.is_empty() {
        return Err(Refusal(StatusCode::BAD_REQUEST, json!({"message": wrong})));
    }
    let made = store.put(project, title, key, can_push).ok_or_else(|| Refusal::not_found("Project "))?;
    if let Some(expires) = call.param("expires_at")
        && let Some(kept) = store.project_mut(project).and_then(|project| project.keys.last_mut())
    {
        kept.expires_at = Some(expires.to_owned());
        return Ok(json_answer(StatusCode::CREATED, &show(kept)));
    }
    Ok(json_answer(StatusCode::CREATED, &show(&made)))
}

fn taken(store: &Store, print: &str) -> bool {
    let mut keys = store.projects.iter().flat_map(|project| &project.keys);
    keys.any(|key| DeployKey::sha256(&key.key).as_deref() == Some(print))
}

fn enable(store: &mut Store, project: &str, id: &str) -> Result<Response, Refusal> {
    let found =
        store.projects.iter().flat_map(|project| &project.keys).find(|key| key.id.to_string() == id).cloned();
    let key = found.ok_or_else(|| Refusal::not_found("DeployKey "))?;
    let keys = &mut store.project_mut(project).ok_or_else(|| Refusal::not_found("Project "))?.keys;
    if !keys.iter().any(|known| known.id == key.id) {
        keys.push(DeployKey { can_push: false, ..key.clone() });
    }
    Ok(json_answer(StatusCode::CREATED, &show(&key)))
}
