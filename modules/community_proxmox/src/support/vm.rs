//! Virtual machines of a cluster: found, made, started, ended.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustible_sdk::{Dict, Failure, Host, Result, Value, fail, repr};

use super::{
    client::{Params, Server},
    task,
};

/// A free number is not reserved until a machine has it: calls of this process take theirs one after the other.
static NUMBERS: Mutex<()> = Mutex::new(());
/// How often another number is tried.
const TRIES: u32 = 30;

/// A machine that is there.
#[derive(Debug, Clone)]
pub(crate) struct Vm {
    /// Its number.
    pub(crate) vmid: i64,
    /// Its name.
    pub(crate) name: String,
    /// The node it is on.
    pub(crate) node: String,
    /// `running`, `stopped`.
    pub(crate) status: String,
}

impl Vm {
    /// The path of it.
    pub(crate) fn path(&self, what: &str) -> String {
        format!("/nodes/{}/qemu/{}{what}", self.node, self.vmid)
    }
    /// Its configuration.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn config(&self, server: &Server) -> Result<Dict> {
        Ok(server.get(&self.path("/config"), &[])?.as_dict().cloned().unwrap_or_default())
    }
    /// Let it do something and wait for that.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn tell(
        &self,
        server: &Server,
        host: &Host,
        what: &str,
        params: &Params,
        timeout: u64,
    ) -> Result<()> {
        let upid = server.change("POST", &self.path(&format!("/status/{what}")), params)?;
        task::finish(server, host, &upid, &format!("{what} of VM {}", self.vmid), timeout)
    }
}

/// The machine of that number, or else name.
///
/// # Errors
/// What the server says, or when several have the name.
pub(crate) fn find(server: &Server, vmid: Option<i64>, name: Option<&str>) -> Result<Option<Vm>> {
    let listed = server.get("/cluster/resources", &[("type", "vm")])?;
    let listed = listed.as_list().cloned().unwrap_or_default();
    let is = |vm: &&Value| match vmid {
        Some(vmid) => vm.get("vmid").is_some_and(|id| repr::str(id) == vmid.to_string()),
        None => name.is_some() && vm.get("name").and_then(Value::as_str) == name,
    };
    let mut found =
        listed.iter().filter(|vm| vm.get("type").and_then(Value::as_str) != Some("lxc")).filter(is);
    let first = found.next();
    if found.next().is_some() {
        fail!("Multiple VMs with name {} found, provide vmid instead", name.unwrap_or_default());
    }
    let text = |vm: &Value, key: &str| vm.get(key).map(repr::str).unwrap_or_default();
    Ok(first.map(|vm| Vm {
        vmid: text(vm, "vmid").parse().unwrap_or_default(),
        name: text(vm, "name"),
        node: text(vm, "node"),
        status: text(vm, "status"),
    }))
}

/// Make a machine of that name; its number is the next free one when none is given.
///
/// # Errors
/// What the server says.
pub(crate) fn create(
    server: &Server,
    host: &Host,
    node: &str,
    vmid: Option<i64>,
    params: &Params,
    timeout: u64,
) -> Result<Vm> {
    let name = params.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone()).unwrap_or_default();
    for attempt in 0..TRIES {
        host.still_wanted()?;
        let turn = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        let number = match vmid {
            Some(vmid) => vmid,
            None => next_number(server)?,
        };
        let vm =
            Vm { vmid: number, name: name.clone(), node: node.to_string(), status: "stopped".to_string() };
        let mut params = params.clone();
        params.insert(0, ("vmid".to_string(), number.to_string()));
        let made = match server.change("POST", &format!("/nodes/{node}/qemu"), &params) {
            Ok(upid) => task::finish(server, host, &upid, "creating VM", timeout),
            // The request may have been carried out although its answer was lost.
            Err(e) if e.status == 0 => match find(server, Some(number), None)? {
                Some(found) if found.name == name => return Ok(found),
                _ => return Err(e.into()),
            },
            Err(e) => Err(e.into()),
        };
        drop(turn);
        match made {
            Ok(()) => return Ok(vm),
            Err(problem) if vmid.is_none() && is_taken(&problem) => {
                // Others count as well: give them time to be ahead.
                let jitter = (std::process::id() % 7 + 1) * 40;
                thread::sleep(Duration::from_millis(u64::from(jitter * (attempt % 5 + 1))));
            }
            Err(problem) => return Err(problem),
        }
    }
    fail!("No free number was found for VM {name} in {TRIES} tries: another one always had it already")
}

/// Copy a machine; the number of the copy.
///
/// # Errors
/// What the server says.
pub(crate) fn copy(
    server: &Server,
    host: &Host,
    source: &Vm,
    newid: Option<i64>,
    params: &Params,
    timeout: u64,
) -> Result<i64> {
    for _ in 0..TRIES {
        let turn = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        let number = match newid {
            Some(number) => number,
            None => next_number(server)?,
        };
        let mut params = params.clone();
        params.insert(0, ("newid".to_string(), number.to_string()));
        let asked = server.change("POST", &source.path("/clone"), &params);
        drop(turn);
        let made = asked
            .map_err(Failure::from)
            .and_then(|upid| task::finish(server, host, &upid, "cloning VM", timeout));
        match made {
            Ok(()) => return Ok(number),
            Err(problem) if newid.is_none() && is_taken(&problem) => host.still_wanted()?,
            Err(problem) => return Err(problem),
        }
    }
    fail!("No free number was found for the copy in {TRIES} tries: another one always had it already")
}

fn next_number(server: &Server) -> Result<i64> {
    let said = server.get("/cluster/nextid", &[])?;
    repr::str(&said).parse().map_err(|_| Failure::new(format!("the next free number is none: {said:?}")))
}

fn is_taken(problem: &Failure) -> bool {
    problem.msg.contains("already exists") || problem.msg.contains("already in use")
}
