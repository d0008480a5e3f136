//! Settings of a virtual machine, as `proxmox_kvm` takes them, and as the server does.

use rustible_sdk::{Args, Dict, Failure, Result, Value, repr};

use super::client::{Params, encoded};

/// Settings.
#[derive(Args, Debug, Clone)]
pub(crate) struct Settings {
    /// Arguments for the emulator.
    args: Option<String>,
    /// Firmware.
    #[arg(choices("seabios", "ovmf"))]
    bios: Option<String>,
    /// Order of devices it starts from.
    boot: Option<String>,
    /// Disk it starts from.
    bootdisk: Option<String>,
    /// Own files of cloud-init.
    cicustom: Option<String>,
    /// Kind of cloud-init.
    #[arg(choices("nocloud", "configdrive2"))]
    citype: Option<String>,
    /// User cloud-init makes.
    ciuser: Option<String>,
    /// Kind of processor.
    cpu: Option<String>,
    /// Text about it.
    description: Option<String>,
    /// Script run at changes of state.
    hookscript: Option<String>,
    /// Devices that can be added while it runs.
    hotplug: Option<String>,
    /// Size of huge pages.
    #[arg(choices("any", "2", "1024"))]
    hugepages: Option<String>,
    /// Keyboard layout.
    keyboard: Option<String>,
    /// Lock it for something.
    #[arg(choices("migrate", "backup", "snapshot", "rollback"))]
    lock: Option<String>,
    /// Machine type.
    machine: Option<String>,
    /// Kind of operating system.
    #[arg(choices(
        "other", "wxp", "w2k", "w2k3", "w2k8", "wvista", "win7", "win8", "win10", "win11", "l24", "l26",
        "solaris"
    ))]
    ostype: Option<String>,
    /// Random number generator.
    rng0: Option<String>,
    /// Controller of disks.
    #[arg(choices("lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"))]
    scsihw: Option<String>,
    /// SMBIOS settings.
    smbios: Option<String>,
    /// Additions to SPICE.
    spice_enhancements: Option<String>,
    /// Date of its clock at start.
    startdate: Option<String>,
    /// Order and delays of starting.
    startup: Option<String>,
    /// Graphics card.
    vga: Option<String>,
    /// Watchdog device.
    watchdog: Option<String>,
    /// Memory it can shrink to, in MiB.
    balloon: Option<i64>,
    /// Processor cores.
    cores: Option<i64>,
    /// Limit of processor time.
    cpulimit: Option<i64>,
    /// Weight of processor time.
    cpuunits: Option<i64>,
    /// Memory in MiB.
    memory: Option<i64>,
    /// Seconds a migration may interrupt it.
    migrate_downtime: Option<i64>,
    /// Speed of migrations in MB/s.
    migrate_speed: Option<i64>,
    /// Weight of memory.
    shares: Option<i64>,
    /// Processor sockets.
    sockets: Option<i64>,
    /// Processors plugged in at start.
    vcpus: Option<i64>,
    /// ACPI.
    acpi: Option<bool>,
    /// Start it after a crash.
    autostart: Option<bool>,
    /// Upgrade packages at first start.
    ciupgrade: Option<bool>,
    /// Do not run at start.
    freeze: Option<bool>,
    /// Hardware virtualisation.
    kvm: Option<bool>,
    /// Clock in local time.
    localtime: Option<bool>,
    /// NUMA.
    numa_enabled: Option<bool>,
    /// Start it with the node.
    onboot: Option<bool>,
    /// Refuse removal.
    protection: Option<bool>,
    /// Allow restarting from inside.
    reboot: Option<bool>,
    /// Pointing device.
    tablet: Option<bool>,
    /// Time drift fix.
    tdf: Option<bool>,
    /// Make it a template.
    template: Option<bool>,
    /// Devices `audio0`, `audio1` and so on.
    audio: Option<Dict>,
    /// Devices `hostpci0`, `hostpci1` and so on.
    hostpci: Option<Dict>,
    /// Devices `ide0`, `ide1` and so on.
    ide: Option<Dict>,
    /// Devices `ipconfig0`, `ipconfig1` and so on.
    ipconfig: Option<Dict>,
    /// Devices `net0`, `net1` and so on.
    net: Option<Dict>,
    /// Devices `numa0`, `numa1` and so on.
    numa: Option<Dict>,
    /// Devices `parallel0`, `parallel1` and so on.
    parallel: Option<Dict>,
    /// Devices `sata0`, `sata1` and so on.
    sata: Option<Dict>,
    /// Devices `scsi0`, `scsi1` and so on.
    scsi: Option<Dict>,
    /// Devices `serial0`, `serial1` and so on.
    serial: Option<Dict>,
    /// Devices `usb0`, `usb1` and so on.
    usb: Option<Dict>,
    /// Devices `virtio0`, `virtio1` and so on.
    virtio: Option<Dict>,
    /// Devices `virtiofs0`, `virtiofs1` and so on.
    virtiofs: Option<Dict>,
    /// The guest agent, as the server writes it, or whether there is one.
    agent: Option<String>,
    /// Password cloud-init sets.
    #[arg(no_log)]
    cipassword: Option<String>,
    /// Name servers cloud-init sets.
    nameservers: Option<Vec<String>>,
    /// Domains cloud-init sets.
    searchdomains: Option<Vec<String>>,
    /// Keys cloud-init lets in.
    sshkeys: Option<String>,
    /// Tags.
    tags: Option<Vec<String>>,
}

impl Settings {
    /// As the server takes them; of indexed devices each by itself.
    ///
    /// # Errors
    /// What only the superuser may set, and what is none.
    pub(crate) fn params(&self, user: &str) -> Result<Params> {
        if self.args.is_some() && user != "root@pam" {
            return Err(Failure::new("args parameter require root@pam user. ").of_arg("args"));
        }
        let mut params = Params::new();
        self.plain(&mut params);
        self.devices(&mut params);
        let mut set =
            |key: &str, value: Option<String>| params.extend(value.map(|value| (key.to_string(), value)));
        set(
            "agent",
            self.agent.as_ref().map(|agent| match agent.to_lowercase().as_str() {
                "yes" | "on" | "true" | "1" => "1".to_string(),
                "no" | "off" | "false" | "0" => "0".to_string(),
                _ => agent.clone(),
            }),
        );
        set("cipassword", self.cipassword.clone());
        set("nameserver", self.nameservers.as_ref().map(|list| list.join(" ")));
        set("searchdomain", self.searchdomains.as_ref().map(|list| list.join(" ")));
        // The server decodes them once more than the rest.
        set("sshkeys", self.sshkeys.as_ref().map(|keys| encoded(keys)));
        if let Some(tags) = &self.tags {
            let fits = |c: char| c.is_ascii_alphanumeric() || "_+.-".contains(c);
            if let Some(bad) =
                tags.iter().find(|tag| !tag.chars().all(fits) || tag.starts_with(['+', '.', '-']))
            {
                return Err(Failure::new(format!("{bad} is not a valid tag")).of_arg("tags"));
            }
            set("tags", Some(tags.join(",")));
        }
        Ok(params)
    }

    fn plain(&self, params: &mut Params) {
        let texts = [
            ("args", &self.args),
            ("bios", &self.bios),
            ("boot", &self.boot),
            ("bootdisk", &self.bootdisk),
            ("cicustom", &self.cicustom),
            ("citype", &self.citype),
            ("ciuser", &self.ciuser),
            ("cpu", &self.cpu),
            ("description", &self.description),
            ("hookscript", &self.hookscript),
            ("hotplug", &self.hotplug),
            ("hugepages", &self.hugepages),
            ("keyboard", &self.keyboard),
            ("lock", &self.lock),
            ("machine", &self.machine),
            ("ostype", &self.ostype),
            ("rng0", &self.rng0),
            ("scsihw", &self.scsihw),
            ("smbios1", &self.smbios),
            ("spice_enhancements", &self.spice_enhancements),
            ("startdate", &self.startdate),
            ("startup", &self.startup),
            ("vga", &self.vga),
            ("watchdog", &self.watchdog),
        ];
        params.extend(texts.iter().filter_map(|(key, value)| Some(((*key).to_string(), (*value).clone()?))));
        let numbers = [
            ("balloon", self.balloon),
            ("cores", self.cores),
            ("cpulimit", self.cpulimit),
            ("cpuunits", self.cpuunits),
            ("memory", self.memory),
            ("migrate_downtime", self.migrate_downtime),
            ("migrate_speed", self.migrate_speed),
            ("shares", self.shares),
            ("sockets", self.sockets),
            ("vcpus", self.vcpus),
        ];
        params.extend(
            numbers.iter().filter_map(|(key, value)| Some(((*key).to_string(), (*value)?.to_string()))),
        );
        let switches = [
            ("acpi", self.acpi),
            ("autostart", self.autostart),
            ("ciupgrade", self.ciupgrade),
            ("freeze", self.freeze),
            ("kvm", self.kvm),
            ("localtime", self.localtime),
            ("numa", self.numa_enabled),
            ("onboot", self.onboot),
            ("protection", self.protection),
            ("reboot", self.reboot),
            ("tablet", self.tablet),
            ("tdf", self.tdf),
            ("template", self.template),
        ];
        params.extend(
            switches
                .iter()
                .filter_map(|(key, value)| Some(((*key).to_string(), u8::from((*value)?).to_string()))),
        );
    }

    fn devices(&self, params: &mut Params) {
        let all = [
            &self.audio,
            &self.hostpci,
            &self.ide,
            &self.ipconfig,
            &self.net,
            &self.numa,
            &self.parallel,
            &self.sata,
            &self.scsi,
            &self.serial,
            &self.usb,
            &self.virtio,
            &self.virtiofs,
        ];
        for (key, value) in all.into_iter().flatten().flat_map(Dict::texts) {
            let text = match value {
                Value::Bool(on) => u8::from(*on).to_string(),
                other => repr::str(other),
            };
            params.push((key.as_str().to_string(), text));
        }
    }
}
