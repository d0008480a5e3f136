//! The file tree of a machine: Debian 13 by debootstrap, kept in the cache and copied for every machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cache::Cache;
use crate::command::{output, run};

const SUITE: &str = "trixie";
const PACKAGES: &str = "systemd,systemd-sysv,dbus,openssh-server,openssh-client,sudo,python3,python3-apt,python3-venv,iproute2,\
crun,conmon,containernetworking-plugins,conntrack,iptables,socat,ethtool,kmod,ebtables,ca-certificates,ufw,netplan.io,\
libpam-systemd,procps,curl,jq,gpg,git,iputils-ping,less";

/// What the kernel of a machine offers without loading; ceph and wireguard stand here although this computer's kernel may lack
/// them, so that `modprobe` in a machine says what it says on a real one.
const MODULES: &[&str] = &[
    "br_netfilter",
    "overlay",
    "nf_conntrack",
    "ip_tables",
    "iptable_nat",
    "iptable_filter",
    "vxlan",
    "veth",
    "bridge",
    "xt_socket",
    "ip_vs",
    "ceph",
    "wireguard",
];

/// Done before everything else in a machine: the control groups become writable, mounts shared, and settings of the kernel that a
/// kubelet or a role writes become the machine's own.
const FIRST: &str = r#"#!/bin/sh
mount --make-rshared /
for group in /sys/fs/cgroup/*/; do
    mount -o remount,rw,bind "$group" 2>/dev/null || mount -o remount,rw "$group" 2>/dev/null
done
mount --bind /run/rustible-lab/swaps /proc/swaps
mkdir -p /run/lab-settings
for key in vm/overcommit_memory=1 vm/panic_on_oom=0 vm/swappiness=60 vm/max_map_count=262144 kernel/panic=10 \
    kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000 \
    fs/inotify/max_user_watches=524288 fs/inotify/max_user_instances=8192; do
    name=${key%%=*} own=/run/lab-settings/$(echo "${key%%=*}" | tr / .)
    [ -e "/proc/sys/$name" ] || continue
    echo "${key#*=}" > "$own"
    mount --bind "$own" "/proc/sys/$name"
done
exit 0
"#;

const FIRST_UNIT: &str = "[Unit]\nDescription=What a machine of the lab needs first\nDefaultDependencies=no\n\
Before=sysinit.target systemd-sysctl.service\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n\
ExecStart=/usr/lib/rustible-lab/first\n\n[Install]\nWantedBy=sysinit.target\n";

/// The tree that all machines are copies of, from the cache or made now (about two minutes). Errors when debootstrap fails.
pub fn base(cache: &Cache) -> Result<PathBuf> {
    let key = format!("3 {SUITE} {PACKAGES} {FIRST} {FIRST_UNIT} {MODULES:?}");
    cache.entry("tree", &key, |place| {
        let bare = cache.entry("debian", &format!("{SUITE} {PACKAGES}"), |bare| {
            let mirror = archive()?;
            let include = format!("--include={PACKAGES}");
            output(
                Command::new("debootstrap")
                    .args(["--variant=minbase", &include, SUITE])
                    .arg(bare)
                    .arg(mirror),
            )?;
            Ok(())
        })?;
        copy(&bare, place)?;
        prepare(place)
    })
}

/// The Debian archive that apt on this computer uses.
fn archive() -> Result<String> {
    let sites = run("apt-get", &["indextargets", "--format", "$(SITE)"])?;
    let site = sites.lines().map(|site| site.trim_end_matches('/')).find(|site| site.ends_with("/debian"));
    Ok(site.context("apt on this computer has no archive whose address ends in /debian")?.to_owned())
}

/// Copies a tree's content into the folder `to`, sharing blocks where the file system can. Errors when `cp` fails.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    output(Command::new("cp").args(["-a", "--reflink=auto"]).arg(from.join(".")).arg(to))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Writes a file of a tree with its folders. Errors when it cannot be written.
pub fn write(tree: &Path, name: &str, mode: u32, text: &str) -> Result<()> {
    let path = tree.join(name);
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    Ok(())
}

/// Runs a program inside a tree that is not booted. Errors when it fails.
pub fn inside(tree: &Path, command: &[&str]) -> Result<String> {
    let mut chroot = Command::new("chroot");
    chroot.arg(tree).args(command).env_clear();
    output(chroot.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("DEBIAN_FRONTEND", "noninteractive"))
}

fn prepare(tree: &Path) -> Result<()> {
    write(tree, "usr/lib/rustible-lab/first", 0o755, FIRST)?;
    write(tree, "etc/systemd/system/lab-first.service", 0o644, FIRST_UNIT)?;
    write(tree, "etc/ssh/sshd_config.d/50-lab.conf", 0o644, "PasswordAuthentication yes\n")?;
    write(tree, "etc/apt/sources.list", 0o644, "deb http://mirror.lab.test/debian trixie main\n")?;
    write(tree, "etc/fstab", 0o644, "# The lab's machines have no disks of their own.\n")?;
    let ufw = tree.join("etc/default/ufw");
    let policy = fs::read_to_string(&ufw)?
        .replace("DEFAULT_FORWARD_POLICY=\"DROP\"", "DEFAULT_FORWARD_POLICY=\"ACCEPT\"");
    fs::write(ufw, policy)?;
    // What containers leave behind must not hold up a reboot for the usual 90 s.
    write(tree, "etc/systemd/system.conf.d/lab.conf", 0o644, "[Manager]\nDefaultTimeoutStopSec=10s\n")?;
    // The lists of packages are those of no archive that a machine knows; new ones must not count as up to date.
    inside(tree, &["sh", "-c", "rm -rf /var/lib/apt/lists/*; touch -d @0 /var/lib/apt/lists"])?;
    udevadm(tree)?;
    modules(tree)?;
    let off = ["systemd-networkd-wait-online.service", "systemd-resolved.service", "e2scrub_reap.service"];
    for unit in off {
        let path = tree.join("etc/systemd/system").join(unit);
        fs::remove_file(&path).or_else(absent)?;
        symlink("/dev/null", path)?;
    }
    inside(tree, &["systemctl", "enable", "lab-first.service", "systemd-networkd.service", "ssh.service"])?;
    for host_key in fs::read_dir(tree.join("etc/ssh"))? {
        let host_key = host_key?;
        if host_key.file_name().to_string_lossy().starts_with("ssh_host_") {
            fs::remove_file(host_key.path())?;
        }
    }
    Ok(())
}

/// `/sys` is read-only in a machine and no udev runs: netplan's call of `udevadm` must not wait for it.
fn udevadm(tree: &Path) -> Result<()> {
    let program = "usr/bin/udevadm";
    if tree.join(program).exists() {
        inside(
            tree,
            &[
                "dpkg-divert",
                "--local",
                "--rename",
                "--divert",
                "/usr/bin/udevadm.real",
                "--add",
                "/usr/bin/udevadm",
            ],
        )?;
    }
    write(tree, program, 0o755, "#!/bin/sh\n# The lab's machines have no udev.\nexit 0\n")
}

fn modules(tree: &Path) -> Result<()> {
    let release = run("uname", &["-r"])?;
    let folder = format!("usr/lib/modules/{}", release.trim());
    let lines: String = MODULES.iter().map(|name| format!("kernel/{name}.ko\n")).collect();
    write(tree, &format!("{folder}/modules.builtin"), 0o644, &lines)?;
    write(tree, &format!("{folder}/modules.order"), 0o644, "")?;
    inside(tree, &["depmod", release.trim()])?;
    Ok(())
}

/// A file that is not there is as good as removed.
fn absent(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
