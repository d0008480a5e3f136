//! The cluster's container images: one layer each, made of the programs that were built and of files of the machines' tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::build;
use crate::cache::Cache;
use crate::command::output;
use crate::internet::registry::Store;

/// What kubeadm of this version asks for besides its own programs.
const ETCD: &str = "registry.k8s.io/etcd:3.6.5-0";
const COREDNS: &str = "registry.k8s.io/coredns/coredns:v1.12.1";
const PAUSE: &str = "registry.k8s.io/pause:3.10.1";

const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
const GROUPS: &str = "root:x:0:\nnobody:x:65534:\n";

const PAUSE_SOURCE: &str = r"#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int signal) { (void)signal; _exit(0); }
static void reap(int signal) { (void)signal; while (waitpid(-1, 0, WNOHANG) > 0) ; }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); signal(SIGCHLD, reap); for (;;) pause(); }
";

/// The folder of a registry's [`Store`] with all images, from the cache or made now out of the programs in `binaries` and the tree
/// `base`. Errors when a program is missing or cc fails.
pub fn images(cache: &Cache, binaries: &Path, base: &Path) -> Result<PathBuf> {
    let key = format!("{} {} {PAUSE_SOURCE} {ETCD} {COREDNS} {PAUSE}", binaries.display(), base.display());
    cache.entry("images", &key, |place| {
        let store = Store::open(place)?;
        for name in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
            let image = format!("registry.k8s.io/{name}:v{}", build::KUBERNETES);
            add(&store, &image, &[(binaries.join(name), format!("usr/local/bin/{name}"))])?;
        }
        let mut proxy = firewall(base)?;
        proxy.push((binaries.join("kube-proxy"), "usr/local/bin/kube-proxy".to_owned()));
        add(&store, &format!("registry.k8s.io/kube-proxy:v{}", build::KUBERNETES), &proxy)?;
        add(&store, ETCD, &[(binaries.join("etcd"), "usr/local/bin/etcd".to_owned())])?;
        add(&store, COREDNS, &[(binaries.join("coredns"), "coredns".to_owned())])?;
        let pause = pause()?;
        let digest = add(&store, PAUSE, &[(pause.path().join("pause"), "pause".to_owned())])?;
        store.any(&digest)
    })
}

/// Adds an image whose command is the last of `files` (source and place), and gives its digest.
fn add(store: &Store, name: &str, files: &[(PathBuf, String)]) -> Result<String> {
    let mut layer = tar::Builder::new(Vec::new());
    for folder in ["etc/", "tmp/", "usr/", "bin/", "sbin/", "lib/", "lib64/", "lab/"] {
        entry(&mut layer, folder, if folder == "tmp/" { 0o1777 } else { 0o755 }, None)?;
    }
    entry(&mut layer, "etc/passwd", 0o644, Some(USERS.as_bytes()))?;
    entry(&mut layer, "etc/group", 0o644, Some(GROUPS.as_bytes()))?;
    for (source, place) in files {
        let data = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
        entry(&mut layer, place, 0o755, Some(&data))?;
    }
    let program = files.last().map(|(_, place)| format!("/{place}")).context("an image has a program")?;
    let settings =
        json!({"Entrypoint": [program], "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]});
    let digest = store.image(&layer.into_inner()?, &settings)?;
    store.name(name, &digest)?;
    Ok(digest)
}

fn entry(layer: &mut tar::Builder<Vec<u8>>, path: &str, mode: u32, data: Option<&[u8]>) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(if data.is_some() { tar::EntryType::Regular } else { tar::EntryType::Directory });
    let data = data.unwrap_or_default();
    header.set_size(data.len() as u64);
    header.set_mode(mode);
    Ok(layer.append_data(&mut header, path, data)?)
}

fn pause() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("pause.c"), PAUSE_SOURCE)?;
    let mut command = Command::new("cc");
    command.args(["-static", "-Os", "-s", "-o", "pause", "pause.c"]).current_dir(folder.path());
    output(&mut command)?;
    Ok(folder)
}

/// iptables with its plugins and all libraries of both, as the tree has them, with the names that kube-proxy calls.
fn firewall(base: &Path) -> Result<Vec<(PathBuf, String)>> {
    let plugins = "usr/lib/x86_64-linux-gnu/xtables";
    let mut programs = vec!["usr/sbin/xtables-nft-multi".to_owned(), "usr/sbin/conntrack".to_owned()];
    for plugin in fs::read_dir(base.join(plugins)).context("the tree has no plugins of iptables")? {
        programs.push(format!("{plugins}/{}", plugin?.file_name().to_string_lossy()));
    }
    let mut list = Command::new("chroot");
    list.arg(base).arg("ldd").args(programs.iter().map(|name| format!("/{name}"))).env_clear();
    let told = output(list.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"))?;
    let libraries: BTreeSet<&str> =
        told.split_whitespace().filter(|word| word.starts_with("/lib") && !word.ends_with(':')).collect();
    let mut files = Vec::new();
    for name in
        ["iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"]
    {
        files.push((base.join("usr/sbin/xtables-nft-multi"), format!("usr/sbin/{name}")));
    }
    for library in libraries {
        let real = fs::canonicalize(base.join("usr").join(library.trim_start_matches('/')))?;
        files.push((real, library.trim_start_matches('/').to_owned()));
    }
    files.push((base.join("usr/sbin/conntrack"), "usr/sbin/conntrack".to_owned()));
    for name in programs.iter().filter(|name| name.starts_with(plugins)) {
        files.push((fs::canonicalize(base.join(name))?, name.clone()));
    }
    Ok(files)
}
