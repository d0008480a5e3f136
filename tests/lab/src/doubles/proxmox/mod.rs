//! A double of the Proxmox VE API, version 9.1: `/api2/json` as its clients use it.
//!
//! Every parameter of every request is checked against the published schema (`data/proxmox-api-9.1.json`) and refused with
//! the texts of the real service. Machines live in a [`Hypervisor`]; [`Memory`] is one without machines, for tests.
//!
//! Not imitated, and refused by status 501 where asked for: containers (an empty list), restoring from archives, linked clones of
//! machines that are no template, pausing, high availability, permissions by path (a user has privileges or has not), second
//! factors, changing storage definitions and networks. Thin volumes count in full. The pause of three seconds after a wrong
//! password is left out. Snapshots keep the configuration, not the disks.

mod agent;
mod ask;
mod auth;
mod change;
mod check;
mod cluster;
mod config;
mod facts;
mod formats;
mod hypervisor;
mod life;
mod memory;
mod persist;
mod power;
mod settings;
mod snapshots;
mod state;
mod storage;
mod tasks;
mod upload;

use std::sync::Arc;

use anyhow::Result;
use hyper::StatusCode;
use serde_json::{Value, json};

use self::ask::{Ask, Outcome, Params, Refusal};
use self::facts::Route;
use self::state::Centre;
use self::upload::Incoming;
use super::web::{Answering, Request, Response, Site, json as json_answer, pairs, text, with_reason};

pub use hypervisor::{Card, Hypervisor, Interface, Plan, Ran};
pub use memory::Memory;
pub use settings::{Conditions, Settings, StorageSettings, TaskEnd, User};

const ROOT: &str = "/api2/json";
const BODY_LIMIT: usize = 1 << 20;

/// The double. It is a [`Site`]: put it under a [`super::web::Watched`] and serve that with TLS.
pub struct Proxmox {
    centre: Arc<Centre>,
}

impl Proxmox {
    /// A double over these machines. Errors when a storage's folder cannot be read or made.
    pub fn new(hypervisor: Arc<dyn Hypervisor>, settings: Settings) -> Result<Self> {
        Ok(Self { centre: Arc::new(Centre::new(hypervisor, settings)?) })
    }

    /// Puts it under other conditions from now on; also by `PUT /.lab/conditions`.
    pub fn set_conditions(&self, conditions: Conditions) {
        if conditions.expire_tickets {
            self.centre.sessions.forget();
        }
        *self.centre.conditions() = conditions;
    }

    async fn handle(&self, mut request: Request) -> Outcome {
        let Some(path) = request.path.strip_prefix(ROOT).map(str::to_owned) else {
            return Err(Refusal::new(501, format!("only {ROOT} is served")));
        };
        let route = self.centre.facts.route(&path);
        let verb =
            if request.method == hyper::Method::HEAD { "GET" } else { request.method.as_str() }.to_owned();
        let method = route.as_ref().and_then(|route| route.method(&verb));
        let user = auth::who(&self.centre, &request, method)?;
        let mut params = query(&request, route.as_ref());
        let incoming = self.body(&mut request, &mut params).await?;
        if verb == "GET" && outside(&path, &self.centre) {
            return Ok(json!([]));
        }
        let (Some(route), Some(method)) = (route, method) else {
            return Err(Refusal::new(501, format!("Method '{verb} {path}' not implemented")));
        };
        check::check(self.centre.facts, method, &params)?;
        auth::may(&self.centre, &user, method, &path)?;
        if params
            .one("node")
            .is_some_and(|node| !self.centre.settings.nodes.iter().any(|known| known == node))
        {
            let node = params.or("node", "");
            return Err(Refusal::died(format!(
                "hostname lookup '{node}' failed - failed to get address info for: {node}"
            )));
        }
        let ask = Ask { name: format!("{verb} {}", route.template), params, user };
        let centre = self.centre.clone();
        // Machines may take their time; the listener's threads must not wait for them.
        let done = tokio::task::spawn_blocking(move || {
            let done = dispatch(&centre, &ask, incoming)?;
            if verb != "GET" {
                persist::save(&centre)
                    .map_err(|error| Refusal::died(format!("the double cannot keep its state: {error:#}")))?;
            }
            Ok(done)
        })
        .await;
        done.unwrap_or_else(|error| Err(Refusal::died(format!("the double failed: {error}"))))
    }

    async fn body(&self, request: &mut Request, params: &mut Params) -> Result<Option<Incoming>, Refusal> {
        let media_type = request.header("content-type").unwrap_or_default().to_owned();
        if media_type.starts_with("multipart/form-data") {
            if request.header("content-length").is_none() {
                return Err(Refusal::new(501, "chunked transfer encoding not supported"));
            }
            let body = std::mem::replace(&mut request.body, super::web::full(""));
            return upload::receive(body, &media_type, &upload::spool(&self.centre), params, &request.note)
                .await;
        }
        let body = request.read(BODY_LIMIT).await.map_err(|error| Refusal::new(400, error))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let found = if media_type.starts_with("application/json") { from_json(&text)? } else { pairs(&text) };
        for (name, value) in found {
            request.note.param(&name, &value);
            params.add(&name, value);
        }
        Ok(None)
    }

    async fn conditions(&self, mut request: Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.lab/conditions") => json_answer(StatusCode::OK, &json!(*self.centre.conditions())),
            ("PUT", "/.lab/conditions") => {
                let body = request.read(BODY_LIMIT).await;
                match body.and_then(|body| Ok(serde_json::from_slice(&body)?)) {
                    Ok(conditions) => {
                        self.set_conditions(conditions);
                        text(StatusCode::OK, "")
                    }
                    Err(error) => text(StatusCode::BAD_REQUEST, format!("not conditions: {error:#}\n")),
                }
            }
            _ => text(StatusCode::NOT_FOUND, "the double knows /.lab/conditions besides record and faults\n"),
        }
    }
}

impl Site for Proxmox {
    fn answer(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            if request.path.starts_with("/.lab/") {
                return self.conditions(request).await;
            }
            match self.handle(request).await {
                Ok(data) => json_answer(StatusCode::OK, &json!({"data": data})),
                Err(refusal) => refuse(&refusal),
            }
        })
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = json!({"data": null, "message": format!("{}\n", refusal.message)});
    if let (false, Some(fields)) = (refusal.errors.is_empty(), body.as_object_mut()) {
        fields.insert("errors".to_owned(), json!(refusal.errors));
    }
    with_reason(json_answer(status, &body), &refusal.message)
}

/// The parameters in path and query.
fn query(request: &Request, route: Option<&Route<'_>>) -> Params {
    let mut params = Params::default();
    for (name, value) in route.map(|route| route.values.as_slice()).unwrap_or_default() {
        params.add(name, value.clone());
    }
    for (name, value) in pairs(&request.query) {
        params.add(&name, value);
    }
    params
}

fn from_json(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| Refusal::new(400, error))?;
    let Value::Object(fields) = value else { return Err(Refusal::new(400, "the body is no object")) };
    let plain = |value: Value| match value {
        Value::String(text) => text,
        Value::Bool(flag) => u8::from(flag).to_string(),
        other => other.to_string(),
    };
    Ok(fields
        .into_iter()
        .flat_map(|(name, value)| match value {
            Value::Array(list) => list.into_iter().map(|one| (name.clone(), plain(one))).collect(),
            Value::Null => Vec::new(),
            one => vec![(name, plain(one))],
        })
        .collect())
}

/// Paths that the facts leave out and that clients ask for all the same: a node's containers, of which there are none.
fn outside(path: &str, centre: &Centre) -> bool {
    let node = path.strip_prefix("/nodes/").and_then(|rest| rest.strip_suffix("/lxc"));
    node.is_some_and(|node| centre.settings.nodes.iter().any(|known| known == node))
}

fn dispatch(centre: &Arc<Centre>, ask: &Ask, incoming: Option<Incoming>) -> Outcome {
    let path = ask.name.split_once(" /").map_or("", |(_, path)| path);
    match path.split('/').next().unwrap_or_default() {
        "nodes" if path.starts_with("nodes/{node}/qemu") => machines(centre, ask),
        "nodes" => nodes(centre, ask, incoming),
        _ => everywhere(centre, ask),
    }
}

fn everywhere(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    match ask.name.as_str() {
        "GET /version" => Ok(cluster::version(centre)),
        "POST /access/ticket" => auth::ticket(centre, &ask.params),
        "GET /access/ticket" => Ok(Value::Null),
        "GET /cluster/nextid" => cluster::next_id(centre, ask),
        "GET /cluster/resources" => Ok(cluster::resources(centre, ask)),
        "GET /cluster/status" => Ok(cluster::status(centre)),
        "GET /cluster/tasks" => tasks::list(centre, ask),
        "GET /cluster/options" => Ok(json!({})),
        "GET /cluster/mapping/pci" => Ok(json!([])),
        "GET /pools" => cluster::pools(centre, ask),
        "POST /pools" => cluster::create_pool(centre, ask),
        "DELETE /pools" | "DELETE /pools/{poolid}" => cluster::delete_pool(centre, ask),
        "GET /storage" | "GET /storage/{storage}" => storage::definitions(centre, ask),
        _ => Err(not_imitated(ask)),
    }
}

fn nodes(centre: &Arc<Centre>, ask: &Ask, incoming: Option<Incoming>) -> Outcome {
    match ask.name.as_str() {
        "GET /nodes" => Ok(cluster::nodes(centre)),
        "GET /nodes/{node}/version" => Ok(cluster::version(centre)),
        "GET /nodes/{node}/status" => Ok(cluster::node_status(centre, ask)),
        "GET /nodes/{node}/network" => Ok(cluster::networks(centre)),
        "GET /nodes/{node}/hardware/pci" => Ok(cluster::pci(centre)),
        "GET /nodes/{node}/aplinfo" => Ok(storage::appliances()),
        "POST /nodes/{node}/aplinfo" => storage::appliance(centre, ask),
        "GET /nodes/{node}/storage" => storage::list(centre, ask),
        "GET /nodes/{node}/storage/{storage}/status" => storage::status(centre, ask),
        "GET /nodes/{node}/storage/{storage}/content" => storage::content(centre, ask),
        "GET /nodes/{node}/storage/{storage}/content/{volume}" => storage::volume(centre, ask),
        "DELETE /nodes/{node}/storage/{storage}/content/{volume}" => storage::remove(centre, ask),
        "POST /nodes/{node}/storage/{storage}/upload" => upload::store(centre, ask, incoming),
        "POST /nodes/{node}/storage/{storage}/download-url" => upload::download(centre, ask),
        "GET /nodes/{node}/tasks" => tasks::list(centre, ask),
        "GET /nodes/{node}/tasks/{upid}/status" => tasks::status(centre, ask),
        "GET /nodes/{node}/tasks/{upid}/log" => tasks::log(centre, ask),
        "DELETE /nodes/{node}/tasks/{upid}" => tasks::stop(centre, ask),
        _ => Err(not_imitated(ask)),
    }
}

fn machines(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (verb, path) = ask.name.split_once(" /nodes/{node}/qemu").unwrap_or_default();
    match (verb, path.strip_prefix("/{vmid}").unwrap_or(path)) {
        ("GET", "") if path.is_empty() => {
            let vms = centre.world().vms.clone();
            let here = vms.iter().filter(|(_, vm)| vm.node == ask.node());
            Ok(Value::Array(here.map(|(vmid, vm)| power::describe(centre, *vmid, vm)).collect()))
        }
        ("POST", "") => life::create(centre, ask),
        ("DELETE", "") => life::destroy(centre, ask),
        ("POST", "/clone") => life::clone(centre, ask),
        ("POST", "/template") => life::template(centre, ask),
        ("POST", "/migrate") => life::migrate(centre, ask),
        ("POST", "/move_disk") => life::move_disk(centre, ask),
        ("GET", "/config") => {
            let vm = centre.world().vm(ask.node(), ask.vmid())?.clone();
            Ok(config::shown(centre, &vm, ask.params.flag("current")))
        }
        ("GET", "/pending") => Ok(config::pending(centre, centre.world().vm(ask.node(), ask.vmid())?)),
        ("PUT", "/config") => change::now(centre, ask),
        ("POST", "/config") => change::later(centre, ask),
        ("PUT", "/resize") => change::resize(centre, ask),
        ("PUT", "/unlink") => change::unlink(centre, ask),
        ("GET", "/status/current") => power::current(centre, ask),
        ("POST", "/status/start") => power::start_vm(centre, ask),
        ("POST", "/status/stop") => power::stop_vm(centre, ask, false),
        ("POST", "/status/shutdown") => power::stop_vm(centre, ask, true),
        ("POST", "/status/reboot") => power::reboot_vm(centre, ask, true),
        ("POST", "/status/reset") => power::reboot_vm(centre, ask, false),
        ("GET", "/snapshot") => snapshots::list(centre, ask),
        ("POST", "/snapshot") => snapshots::create(centre, ask),
        ("DELETE", "/snapshot/{snapname}") => snapshots::remove(centre, ask),
        ("GET", "/snapshot/{snapname}/config") => snapshots::config(centre, ask),
        ("POST", "/snapshot/{snapname}/rollback") => snapshots::rollback(centre, ask),
        (_, rest) => guest(centre, ask, verb, rest),
    }
}

fn guest(centre: &Arc<Centre>, ask: &Ask, verb: &str, path: &str) -> Outcome {
    match (verb, path) {
        ("POST", "/agent") => agent::call(centre, ask),
        ("POST", "/agent/ping") => agent::ping(centre, ask),
        ("GET", "/agent/network-get-interfaces") => agent::interfaces(centre, ask),
        ("GET", "/agent/get-host-name") => agent::host_name(centre, ask),
        ("GET", "/agent/get-osinfo") => agent::system(centre, ask),
        ("GET", "/agent/info") => agent::info(centre, ask),
        ("POST", "/agent/exec") => agent::exec(centre, ask),
        ("GET", "/agent/exec-status") => agent::exec_status(centre, ask),
        ("GET", "/agent/file-read") => agent::read(centre, ask),
        ("POST", "/agent/file-write") => agent::write(centre, ask),
        _ => Err(not_imitated(ask)),
    }
}

fn not_imitated(ask: &Ask) -> Refusal {
    Refusal::new(501, format!("this double does not imitate '{}'", ask.name))
}
