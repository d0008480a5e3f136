//! `community.proxmox.proxmox_kvm`: virtual machines.

use rustible_sdk::prelude::*;

use crate::support::{
    client::{Auth, Params, Server},
    config, guest,
    settings::Settings,
    task,
    vm::{self, Vm},
};

/// Manage Qemu virtual machines in Proxmox VE.
///
/// `update` sends the settings that differ and nothing else.
#[derive(Args)]
#[args(check = full, diff = full, required_one_of(name, vmid), required_one_of(api_password, api_token_id))]
#[args(required_together(api_token_id, api_token_secret), required_if(state = "present" => node))]
#[args(mutually_exclusive(delete, revert, update, clone))]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    #[arg(flatten)]
    settings: Settings,
    /// Its name.
    name: Option<String>,
    /// Its number; the next free one for a new machine without it.
    vmid: Option<i64>,
    /// The node.
    node: Option<String>,
    /// What should be.
    #[arg(default = "present")]
    state: State,
    /// Change the settings of a machine that is there.
    #[arg(default = false)]
    update: bool,
    /// Change disks and network devices as well.
    #[arg(default = false)]
    update_unsafe: bool,
    /// Settings that are taken away.
    delete: Option<String>,
    /// Settings whose pending change is taken back.
    revert: Option<String>,
    /// Name of the machine that is copied.
    clone: Option<String>,
    /// Number of the copy.
    newid: Option<i64>,
    /// Copy disks whole.
    #[arg(default = true)]
    full: bool,
    /// Format of copied disks.
    #[arg(choices("cloop", "cow", "qcow", "qcow2", "qed", "raw", "vmdk", "unspecified"))]
    format: Option<String>,
    /// Storage of copied disks.
    storage: Option<String>,
    /// Snapshot that is copied.
    snapname: Option<String>,
    /// Node of the copy.
    target: Option<String>,
    /// Pool of a new machine.
    pool: Option<String>,
    /// Pull the plug.
    force: Option<bool>,
    /// Forget a removed machine everywhere.
    #[arg(default = false)]
    purge: bool,
    /// Remove disks that the configuration does not name.
    #[arg(default = false)]
    destroy_unreferenced_disks: bool,
    /// Change it only when its configuration is still this one.
    digest: Option<String>,
    /// Seconds each change may take.
    #[arg(default = 30)]
    timeout: u64,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Started,
    Absent,
    Stopped,
    Restarted,
    Current,
    Template,
    Paused,
    Hibernated,
}

/// A call at work.
struct Work<'a> {
    args: &'a Args,
    server: Server,
    host: &'a mut Host,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let server = Server::new(&args.auth, host)?;
    let wanted = args.clone.as_deref().or(args.name.as_deref());
    let found = vm::find(&server, args.vmid, wanted)?;
    let mut work = Work { args: &args, server, host };
    match (args.state, found) {
        (State::Present, found) => work.present(found),
        (State::Absent, None) => {
            Ok(Outcome::msg(format!("VM {} does not exist", work.who())).with("vmid", args.vmid))
        }
        (_, None) => fail!(vmid = args.vmid; "VM with name or id {} does not exist in cluster.", work.who()),
        (state, Some(vm)) => work.power(state, &vm),
    }
}

impl Work<'_> {
    fn who(&self) -> String {
        let number = self.args.vmid.map(|id| id.to_string());
        number.or_else(|| self.args.name.clone()).unwrap_or_default()
    }

    fn said(vm: &Vm, text: &str) -> Outcome {
        Outcome::msg(text).with("vmid", vm.vmid)
    }

    /// A change of a machine and its task; nothing but the mark in check mode.
    fn tell(&mut self, vm: &Vm, method: &str, what: &str, params: &Params) -> Result<()> {
        self.host.mark_changed();
        if self.host.check_mode() {
            return Ok(());
        }
        let upid = self.server.change(method, &vm.path(what), params)?;
        task::finish(
            &self.server,
            self.host,
            &upid,
            &format!("{method} {what} of VM {}", vm.vmid),
            self.args.timeout,
        )
    }

    fn present(&mut self, found: Option<Vm>) -> Result<Outcome> {
        let one = |key: &str, value: &str| vec![(key.to_string(), value.to_string())];
        let args = self.args;
        if args.clone.is_some() {
            return self.copy(found);
        }
        if let Some(vm) = found {
            if let Some(keys) = &args.delete {
                self.tell(&vm, "PUT", "/config", &one("delete", keys))?;
                return Ok(Self::said(
                    &vm,
                    &format!("Settings has deleted on VM {} with vmid {}", vm.name, vm.vmid),
                ));
            }
            if let Some(key) = &args.revert {
                self.tell(&vm, "PUT", "/config", &one("revert", key))?;
                return Ok(Self::said(
                    &vm,
                    &format!("Settings has reverted on VM {} with vmid {}", vm.name, vm.vmid),
                ));
            }
            if args.update {
                return self.change(&vm);
            }
            let msg = match &args.vmid {
                Some(vmid) => format!("VM with vmid <{vmid}> already exists"),
                None => format!("VM with name <{}> already exists", vm.name),
            };
            return Ok(Self::said(&vm, &msg));
        }
        if args.update || args.delete.is_some() || args.revert.is_some() {
            fail!("VM {} does not exist", self.who());
        }
        let mut params = args.settings.params(&args.auth.api_user)?;
        params.extend(args.name.iter().map(|name| ("name".to_string(), name.clone())));
        params.extend(args.pool.iter().map(|pool| ("pool".to_string(), pool.clone())));
        self.host.mark_changed();
        let name = args.name.clone().unwrap_or_default();
        if self.host.check_mode() {
            return Ok(Outcome::msg(format!("VM {name} would be deployed")).with("vmid", args.vmid));
        }
        let node = args.node.as_deref().unwrap_or_default();
        let vm = vm::create(&self.server, self.host, node, args.vmid, &params, args.timeout)?;
        let live = vm.config(&self.server)?;
        Ok(Self::said(&vm, &format!("VM {name} with vmid {} deployed", vm.vmid))
            .with("mac", guest::macs(&live)))
    }

    fn change(&mut self, vm: &Vm) -> Result<Outcome> {
        const UNSAFE: [&str; 6] = ["virtio", "sata", "scsi", "ide", "net", "virtiofs"];
        let args = self.args;
        let live = vm.config(&self.server)?;
        let mut params = args.settings.params(&args.auth.api_user)?;
        let is_unsafe = |key: &str| {
            UNSAFE.contains(&key.trim_end_matches(|c: char| c.is_ascii_digit())) && key != "scsihw"
        };
        params.retain(|(key, _)| args.update_unsafe || !is_unsafe(key));
        let mut missing = config::missing(&live, &params);
        if missing.is_empty() {
            return Ok(Self::said(vm, &format!("VM {} with vmid {} is as wanted", vm.name, vm.vmid)));
        }
        let before: Dict = missing
            .iter()
            .map(|(key, _)| (key.as_str(), live.get(key).cloned().unwrap_or_default()))
            .collect();
        let after: Dict = missing
            .iter()
            .filter(|(k, _)| k != "cipassword")
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        self.host.diff_value(dict! { "before" => before, "after" => after });
        missing.extend(args.digest.iter().map(|digest| ("digest".to_string(), digest.clone())));
        self.tell(vm, "POST", "/config", &missing)?;
        Ok(Self::said(vm, &format!("VM {} with vmid {} updated", vm.name, vm.vmid)))
    }

    fn copy(&mut self, found: Option<Vm>) -> Result<Outcome> {
        let args = self.args;
        let Some(source) = found else {
            fail!("VM with name = {} does not exist in cluster", args.clone.as_deref().unwrap_or_default());
        };
        let name = args.name.clone().unwrap_or_default();
        if let Some(there) = vm::find(&self.server, args.newid, args.name.as_deref())? {
            return Ok(Self::said(&there, &format!("VM with name <{}> already exists", there.name)));
        }
        self.host.mark_changed();
        if self.host.check_mode() {
            return Ok(Outcome::msg(format!("VM {name} would be cloned from vmid {}", source.vmid)));
        }
        let mut params =
            vec![("name".to_string(), name.clone()), ("full".to_string(), u8::from(args.full).to_string())];
        let format = args.format.as_ref().filter(|format| args.full && *format != "unspecified");
        let storage = args.storage.as_ref().filter(|_| args.full);
        let more = [
            ("format", format),
            ("storage", storage),
            ("pool", args.pool.as_ref()),
            ("snapname", args.snapname.as_ref()),
            ("target", args.target.as_ref()),
        ];
        params.extend(more.iter().filter_map(|(key, value)| Some(((*key).to_string(), (*value)?.clone()))));
        let number = vm::copy(&self.server, self.host, &source, args.newid, &params, args.timeout)?;
        let msg = format!("VM {name} with newid {number} cloned from vm with vmid {}", source.vmid);
        Ok(Outcome::msg(msg).with("vmid", number))
    }

    fn power(&mut self, state: State, vm: &Vm) -> Result<Outcome> {
        let args = self.args;
        let current = self.server.get(&vm.path("/status/current"), &[])?;
        let status = current.get("status").and_then(Value::as_str).unwrap_or_default().to_string();
        let running = status == "running";
        let force = args.force == Some(true);
        let pair = |key: &str, value: String| (key.to_string(), value);
        let (name, id) = (&vm.name, vm.vmid);
        let text = match state {
            State::Started if running => format!("VM {id} is already running"),
            State::Stopped if !running => format!("VM {id} is already stopped"),
            State::Restarted | State::Paused | State::Hibernated if !running => {
                format!("VM {name} is not running")
            }
            State::Template if current.get("template").is_some_and(Value::truthy) => {
                format!("VM {id} is already a template")
            }
            State::Absent if running && !force => {
                format!("VM {id} is running. Stop it before deletion or use force=true.")
            }
            State::Started => {
                self.tell(vm, "POST", "/status/start", &Params::new())?;
                format!("VM {id} started")
            }
            State::Stopped => {
                let params = vec![
                    pair("forceStop", u8::from(force).to_string()),
                    pair("timeout", args.timeout.to_string()),
                ];
                self.tell(vm, "POST", "/status/shutdown", &params)?;
                format!("VM {id} is shutting down")
            }
            State::Restarted => {
                let how = if force { "/status/reset" } else { "/status/reboot" };
                self.tell(vm, "POST", how, &Params::new())?;
                format!("VM {id} is restarted")
            }
            State::Paused => {
                self.tell(vm, "POST", "/status/suspend", &Params::new())?;
                format!("VM {id} is pausing")
            }
            State::Hibernated => {
                self.tell(vm, "POST", "/status/suspend", &vec![pair("todisk", "1".to_string())])?;
                format!("VM {id} is hibernating")
            }
            State::Template => {
                self.tell(vm, "POST", "/template", &Params::new())?;
                format!("VM {id} is converting to template")
            }
            State::Absent => {
                if running {
                    self.tell(vm, "POST", "/status/stop", &Params::new())?;
                }
                let purge = pair("purge", u8::from(args.purge).to_string());
                let disks =
                    pair("destroy-unreferenced-disks", u8::from(args.destroy_unreferenced_disks).to_string());
                self.tell(vm, "DELETE", "", &vec![purge, disks])?;
                format!("VM {id} removed")
            }
            State::Current | State::Present => format!("VM {name} with vmid = {id} is {status}"),
        };
        Ok(Self::said(vm, &text).with("status", status))
    }
}
