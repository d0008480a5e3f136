//! `ansible.builtin.setup`: what is known of a Linux host.

mod distribution;
pub(crate) mod hardware;
mod local;
mod more;
mod network;
pub(crate) mod platform;
mod services;
mod user_env;

use rustible_sdk::{host::glob::fnmatch, prelude::*};

/// Gather facts of the host.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Which facts: `all`, `min`, groups or single ones, `!` in front to leave out.
    #[arg(default = "all")]
    gather_subset: Vec<String>,
    /// Seconds a slow fact may take.
    #[arg(default = 10)]
    gather_timeout: i64,
    /// Return only facts whose names match one of these patterns.
    #[arg(default = "")]
    filter: Vec<String>,
    /// Folder of local facts.
    #[arg(default = "/etc/ansible/facts.d")]
    fact_path: PathBuf,
}

/// What facts are collected into, names without `ansible_`.
type Facts = Dict;
type Collector = fn(&Args, &mut Host, &mut Facts) -> Result<()>;

/// Groups of facts by the names a subset gives them; the first ones are the minimum.
const COLLECTORS: &[(&str, &[&str], bool, Collector)] = &[
    ("platform", &[], true, platform::platform),
    ("distribution", &[], true, distribution::distribution),
    ("lsb", &[], true, distribution::lsb),
    ("user", &[], true, user_env::user),
    ("env", &[], true, user_env::env),
    ("date_time", &[], true, user_env::date_time),
    ("cmdline", &[], true, platform::cmdline),
    ("dns", &[], true, platform::dns),
    ("fips", &[], true, platform::security),
    ("ssh_pub_keys", &[], true, user_env::host_keys),
    ("pkg_mgr", &[], true, services::pkg_mgr),
    ("service_mgr", &[], true, services::service_mgr),
    ("local", &[], true, local::local),
    ("hardware", &["processor", "loadavg"], false, hardware::hardware),
    ("mounts", &["hardware", "devices"], false, hardware::mounts),
    (
        "network",
        &["interfaces", "all_ipv4_addresses", "all_ipv6_addresses", "default_ipv4", "default_ipv6"],
        false,
        network::network,
    ),
    ("virtual", &[], false, services::virtualization),
    ("caps", &[], true, more::caps),
    ("python", &[], true, more::python),
    ("chroot", &[], false, more::chroot),
    ("fibre_channel_wwn", &[], false, more::fibre_channel),
    ("iscsi", &[], false, more::iscsi),
    ("nvme", &[], false, more::nvme),
    ("systemd", &[], false, more::systemd),
    ("facter", &[], false, more::facter),
    ("ohai", &[], false, more::ohai),
];

/// Other names of facts that a subset may give.
const ALIASES: &[(&str, &[&str])] = &[
    ("platform", &["system", "machine", "kernel", "kernel_version", "architecture", "machine_id"]),
    ("user", &["user_id", "user_uid", "user_gid", "user_gecos", "user_dir", "user_shell"]),
    ("user", &["real_user_id", "effective_user_id", "effective_group_ids"]),
    ("fips", &["selinux", "apparmor"]),
    ("caps", &["system_capabilities", "system_capabilities_enforced"]),
    ("chroot", &["is_chroot"]),
    ("python", &["python_version"]),
    ("distribution", &["distribution_major_version", "distribution_release", "distribution_version"]),
    ("distribution", &["os_family"]),
    ("ssh_pub_keys", &["ssh_host_pub_keys", "ssh_host_key_dsa_public", "ssh_host_key_ecdsa_public"]),
    ("ssh_pub_keys", &["ssh_host_key_ed25519_public", "ssh_host_key_rsa_public"]),
    ("hardware", &["processor_cores", "processor_count"]),
    ("virtual", &["virtualization_type", "virtualization_role"]),
    ("virtual", &["virtualization_tech_guest", "virtualization_tech_host"]),
];

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let chosen = chosen(&args.gather_subset)?;
    let mut facts = Facts::new();
    for (_, _, _, collect) in COLLECTORS.iter().zip(&chosen).filter(|(_, wanted)| **wanted).map(|(c, _)| c) {
        host.still_wanted()?;
        collect(&args, host, &mut facts)?;
    }
    let subset: Vec<Value> = args.gather_subset.iter().map(Value::from).collect();
    facts.insert("gather_subset", subset);
    let mut named = Dict::new();
    for (key, value) in &facts {
        let key = key.as_str().unwrap_or_default();
        let plain = key == "gather_subset" || key.starts_with("facter_") || key.starts_with("ohai_");
        let name = if plain { key.to_string() } else { format!("ansible_{key}") };
        if args.keeps(&name) {
            named.insert(name, value.clone());
        }
    }
    if args.keeps("module_setup") {
        named.insert("module_setup", true);
    }
    Ok(Outcome::facts(named).changed(false))
}

impl Args {
    fn keeps(&self, name: &str) -> bool {
        let mut patterns = self.filter.iter().filter(|p| !p.is_empty()).peekable();
        if patterns.peek().is_none() {
            return true;
        }
        let short = name.trim_start_matches("ansible_");
        patterns.any(|pattern| fnmatch(pattern, name) || fnmatch(pattern, short))
    }
}

/// Which collectors the subset asks for.
fn chosen(subset: &[String]) -> Result<Vec<bool>> {
    let words: Vec<&str> = subset.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    let matches = |word: &str, at: usize| {
        let Some((name, others, min, _)) = COLLECTORS.get(at) else { return false };
        let word = ALIASES.iter().find(|(_, all)| all.contains(&word)).map_or(word, |(name, _)| name);
        match word {
            "all" => true,
            "min" => *min,
            word => *name == word || others.contains(&word),
        }
    };
    let positive = words.iter().any(|word| !word.starts_with('!'));
    let no_min = words.contains(&"!min");
    let mut wanted: Vec<bool> =
        COLLECTORS.iter().map(|(_, _, min, _)| (*min && !no_min) || !positive).collect();
    for word in &words {
        let bare = word.trim_start_matches('!');
        // What is not wanted need not exist.
        if !word.starts_with('!') && !(0..COLLECTORS.len()).any(|at| matches(bare, at)) {
            fail!("Bad subset '{bare}' given to Ansible. gather_subset options allowed: all, {}", names());
        }
        for (at, slot) in wanted.iter_mut().enumerate().filter(|(at, _)| matches(bare, *at)) {
            let min = COLLECTORS.get(at).is_some_and(|c| c.2);
            // `!all` leaves the minimum.
            *slot = if word.starts_with('!') { bare == "all" && min && !no_min } else { true };
        }
    }
    Ok(wanted)
}

fn names() -> String {
    let others = COLLECTORS.iter().flat_map(|c| c.1.iter()).chain(ALIASES.iter().flat_map(|a| a.1.iter()));
    let mut all: Vec<&str> = COLLECTORS.iter().map(|c| c.0).chain(others.copied()).collect();
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

/// The text of a file, empty when it cannot be read.
pub(crate) fn text(host: &Host, path: &str) -> String {
    host.read(path)
        .ok()
        .flatten()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
