//! `rustible.native.proxmox_vm`: a virtual machine from an installation medium, running and reachable, in one task.

use rustible_sdk::prelude::*;

use crate::support::{
    client::{Auth, Params, Server},
    config, guest,
    guest::{Addresses, WaitForIp},
    storage, task,
    vm::{self, Vm},
};

/// Make a virtual machine as wanted, found by its name.
///
/// A machine that is there keeps its disk and medium; settings that are given and differ are changed, and nothing else.
#[derive(Args)]
#[args(check = full, diff = full, required_one_of(api_password, api_token_id))]
#[args(required_together(api_token_id, api_token_secret))]
pub(crate) struct Args {
    #[arg(flatten)]
    auth: Auth,
    /// Its name.
    name: String,
    /// Its number; the next free one without it.
    vmid: Option<i64>,
    /// The node a new one is made on.
    node: String,
    /// What becomes of it: running, only there, stopped, or gone.
    #[arg(default = "running")]
    state: State,
    /// Processor cores.
    cores: Option<i64>,
    /// Processor sockets.
    sockets: Option<i64>,
    /// Memory in MiB.
    memory: Option<i64>,
    /// Disk of a new machine in GiB.
    disk_gb: Option<i64>,
    /// Kind of processor.
    cpu_type: Option<String>,
    /// Bridge of its network device.
    bridge: Option<String>,
    /// Model of its network device.
    net_model: Option<String>,
    /// Volume of the installation medium of a new machine.
    iso: Option<String>,
    /// Storage for the disk of a new machine.
    storage: Option<String>,
    /// Take another storage when that one does not take disks.
    #[arg(default = false)]
    storage_fallback: bool,
    /// Address of a PCI device that it gets.
    gpu_pci: Option<String>,
    /// The guest agent, as Proxmox writes it.
    agent: Option<String>,
    /// Whether it starts with the node.
    onboot: Option<bool>,
    /// Order of devices a new machine starts from.
    boot: Option<String>,
    /// Kind of operating system of a new machine.
    #[arg(default = "l26")]
    ostype: String,
    /// Controller of disks of a new machine.
    #[arg(default = "virtio-scsi-pci")]
    scsihw: String,
    /// Wait for an address: true, or `timeout`, `interval`, `family`, `interface`.
    wait_for_ip: Option<Value>,
    /// Seconds each change may take.
    #[arg(default = 300)]
    timeout: u64,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Running,
    Present,
    Stopped,
    Absent,
}

/// What was done.
#[derive(Default)]
struct Done {
    created: bool,
    started: bool,
    changed_keys: Vec<String>,
    pending: Vec<String>,
    addresses: Addresses,
    msg: Vec<String>,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let wait = WaitForIp::of(args.wait_for_ip.as_ref())?;
    if args.gpu_pci.is_some() && (args.auth.api_token_id.is_some() || args.auth.api_user != "root@pam") {
        let text =
            "gpu_pci: only root@pam with a password may give a machine a PCI device that is not mapped";
        return Err(Failure::new(text).of_arg("gpu_pci"));
    }
    let server = Server::new(&args.auth, host)?;
    let found = vm::find(&server, args.vmid, Some(&args.name))?;
    let mut done = Done::default();
    if args.state == State::Absent {
        return args.remove(&server, host, found);
    }
    let vm = match found {
        Some(vm) => {
            args.update(&server, host, &vm, &mut done)?;
            Some(vm)
        }
        None => args.create(&server, host, &mut done)?,
    };
    // In check mode a machine that would be made is not there.
    let Some(mut vm) = vm else {
        return Ok(Outcome::msg(done.msg.join(", ")).with("name", args.name.as_str()).with("created", true));
    };
    args.power(&server, host, &mut vm, &mut done)?;
    if let Some(how) = wait.filter(|_| vm.status == "running" && args.state == State::Running) {
        done.addresses = if host.check_mode() {
            guest::look(&server, &vm.node, vm.vmid, &how)?
        } else {
            guest::wait(&server, host, &vm.node, vm.vmid, &how)?
        };
    }
    let config = vm.config(&server)?;
    Ok(report(&vm, &done, &config))
}

fn report(vm: &Vm, done: &Done, config: &Dict) -> Outcome {
    let texts = |list: &[String]| list.iter().map(Value::from).collect::<List>();
    let devices: Dict = config
        .texts()
        .filter(|(key, value)| {
            let disk = ["scsi", "virtio", "sata", "ide"].iter().any(|bus| key.as_str().starts_with(bus));
            disk && key.as_str() != "scsihw" && value.as_str().is_some_and(|text| text.contains(':'))
        })
        .map(|(key, value)| {
            (key.as_str(), value.as_str().and_then(|text| text.split(',').next()).unwrap_or_default())
        })
        .collect();
    let msg = if done.msg.is_empty() { format!("VM {} is as wanted", vm.vmid) } else { done.msg.join(", ") };
    let mut outcome = Outcome::msg(msg)
        .with("vmid", vm.vmid)
        .with("node", vm.node.as_str())
        .with("name", vm.name.as_str())
        .with("status", vm.status.as_str())
        .with("created", done.created)
        .with("started", done.started)
        .with("mac", guest::macs(config))
        .with("devices", devices)
        .with("changed_keys", texts(&done.changed_keys))
        .with("pending", texts(&done.pending));
    if let Some(ip) = done.addresses.ips.first() {
        outcome = outcome
            .with("ip", ip.as_str())
            .with("ips", texts(&done.addresses.ips))
            .with("interfaces", done.addresses.interfaces.clone());
    }
    outcome
}

impl Args {
    /// Settings that are kept as given also on a machine that is there.
    fn settings(&self) -> Params {
        let mut settings = Params::new();
        let mut set =
            |key: &str, value: Option<String>| settings.extend(value.map(|value| (key.to_string(), value)));
        set("cores", self.cores.map(|n| n.to_string()));
        set("sockets", self.sockets.map(|n| n.to_string()));
        set("memory", self.memory.map(|n| n.to_string()));
        set("cpu", self.cpu_type.clone());
        set(
            "agent",
            self.agent.as_ref().map(|agent| match agent.as_str() {
                "yes" | "true" | "True" | "on" => "1".to_string(),
                "no" | "false" | "False" | "off" => "0".to_string(),
                other => other.to_string(),
            }),
        );
        set("onboot", self.onboot.map(|on| u8::from(on).to_string()));
        if let Some(address) = &self.gpu_pci {
            set("hostpci0", Some(format!("{address},pcie=1,x-vga=0")));
        }
        settings
    }

    fn network(&self) -> String {
        let model = self.net_model.as_deref().unwrap_or("virtio");
        format!("{model},bridge={}", self.bridge.as_deref().unwrap_or("vmbr0"))
    }

    fn create(&self, server: &Server, host: &mut Host, done: &mut Done) -> Result<Option<Vm>> {
        let mut params = vec![("name".to_string(), self.name.clone())];
        params.extend(self.settings());
        let mut set = |key: &str, value: String| params.push((key.to_string(), value));
        set("balloon", "0".to_string());
        set("ostype", self.ostype.clone());
        set("scsihw", self.scsihw.clone());
        set("net0", self.network());
        let mut order = Vec::new();
        if let Some(size) = self.disk_gb {
            let storage =
                storage::for_disks(server, &self.node, self.storage.as_deref(), self.storage_fallback)?;
            if self.storage.as_ref().is_some_and(|named| *named != storage) {
                let named = self.storage.as_deref().unwrap_or_default();
                host.warn(format!(
                    "storage {named} does not take disks of virtual machines: {storage} was taken"
                ));
            }
            set("scsi0", format!("{storage}:{size}"));
            order.push("scsi0");
        }
        if let Some(iso) = &self.iso {
            set("ide2", format!("{iso},media=cdrom"));
            order.push("ide2");
        }
        if let Some(boot) =
            self.boot.clone().or_else(|| (!order.is_empty()).then(|| format!("order={}", order.join(";"))))
        {
            set("boot", boot);
        }
        if self.gpu_pci.is_some() {
            set("machine", "q35".to_string());
        }
        host.mark_changed();
        done.created = true;
        let after: Dict = params.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        host.diff_value(dict! { "before" => Dict::new(), "after" => after });
        if host.check_mode() {
            done.msg.push(format!("VM {} would be created", self.name));
            return Ok(None);
        }
        let vm = vm::create(server, host, &self.node, self.vmid, &params, self.timeout)?;
        done.msg.push(format!("VM {} was created", vm.vmid));
        Ok(Some(vm))
    }

    fn update(&self, server: &Server, host: &mut Host, vm: &Vm, done: &mut Done) -> Result<()> {
        let live = vm.config(server)?;
        let mut wanted = self.settings();
        if self.bridge.is_some() || self.net_model.is_some() {
            wanted.push(("net0".to_string(), self.network()));
        }
        if self.gpu_pci.is_some()
            && !live.get("machine").is_some_and(|m| rustible_sdk::repr::str(m).contains("q35"))
        {
            wanted.push(("machine".to_string(), "q35".to_string()));
        }
        let mut missing = config::missing(&live, &wanted);
        for (key, value) in missing.iter_mut().filter(|(key, _)| key == "net0") {
            // A device that gets another bridge keeps its hardware address.
            if let Some(mac) = guest::macs(&live).get(key).and_then(Value::as_str) {
                *value = value.replacen(',', &format!("={mac},"), 1);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        host.mark_changed();
        done.changed_keys = missing.iter().map(|(key, _)| key.clone()).collect();
        let before: Dict = missing
            .iter()
            .map(|(key, _)| (key.as_str(), live.get(key).cloned().unwrap_or_default()))
            .collect();
        let after: Dict = missing.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        host.diff_value(dict! { "before" => before, "after" => after });
        done.msg.push(format!("VM {}: {} changed", vm.vmid, done.changed_keys.join(", ")));
        if host.check_mode() {
            return Ok(());
        }
        if let Some(digest) = live.get("digest").and_then(Value::as_str) {
            missing.push(("digest".to_string(), digest.to_string()));
        }
        server.change("PUT", &vm.path("/config"), &missing)?;
        let pending = server.get(&vm.path("/pending"), &[])?.as_list().cloned().unwrap_or_default();
        let waits = |entry: &&Value| entry.get("pending").is_some();
        let keys = pending.iter().filter(waits).filter_map(|entry| entry.get("key").and_then(Value::as_str));
        done.pending = keys.map(str::to_string).collect();
        Ok(())
    }

    fn power(&self, server: &Server, host: &mut Host, vm: &mut Vm, done: &mut Done) -> Result<()> {
        let status = server.get(&vm.path("/status/current"), &[])?;
        vm.status = status.get("status").and_then(Value::as_str).unwrap_or("stopped").to_string();
        match self.state {
            State::Running if vm.status != "running" => {
                host.mark_changed();
                done.started = true;
                if host.check_mode() {
                    return Ok(());
                }
                vm.tell(server, host, "start", &Params::new(), self.timeout)?;
                vm.status = "running".to_string();
                done.msg.push(format!("VM {} was started", vm.vmid));
            }
            State::Stopped if vm.status != "stopped" => {
                host.mark_changed();
                if host.check_mode() {
                    return Ok(());
                }
                self.shut_down(server, host, vm)?;
                vm.status = "stopped".to_string();
                done.msg.push(format!("VM {} was stopped", vm.vmid));
            }
            _ => {}
        }
        Ok(())
    }

    fn shut_down(&self, server: &Server, host: &Host, vm: &Vm) -> Result<()> {
        let params =
            vec![("forceStop".to_string(), "1".to_string()), ("timeout".to_string(), "60".to_string())];
        vm.tell(server, host, "shutdown", &params, self.timeout)
    }

    fn remove(&self, server: &Server, host: &mut Host, found: Option<Vm>) -> Result<Outcome> {
        let Some(vm) = found else {
            return Ok(
                Outcome::msg(format!("VM {} does not exist", self.name)).with("name", self.name.as_str())
            );
        };
        host.mark_changed();
        if !host.check_mode() {
            if vm.status == "running" {
                self.shut_down(server, host, &vm)?;
            }
            let purge = vec![("purge".to_string(), "1".to_string())];
            let upid = server.change("DELETE", &vm.path(""), &purge)?;
            task::finish(server, host, &upid, &format!("removal of VM {}", vm.vmid), self.timeout)?;
        }
        Ok(Outcome::msg(format!("VM {} removed", vm.vmid)).with("vmid", vm.vmid).with("name", vm.name))
    }
}
