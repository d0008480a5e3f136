//! The static content of the lab's internet: package archives, downloads, manifests, charts, Ubuntu's ISO.
//!
//! Everything is small and made here; what stands in for somebody else's work says so. It is written below
//! `<state>/www/<host>/`, once per set of versions.
//!
//! A machine to which a PCI device is handed through has it in `/etc/rustible-lab/pci`, one line as `lspci` prints it: the lab's
//! `lspci`, `ubuntu-drivers` and `nvidia-smi` read it there. The driver answers from the first boot after its installation on.

mod archive;
mod charts;
mod deb;
mod downloads;
pub mod iso;
mod packages;
mod script;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use self::archive::Key;

/// What the content is made of.
pub struct Content {
    /// The lab's folder; the content goes to `www/` in it.
    pub state: PathBuf,
    /// A folder with the programs `kubeadm`, `kubelet`, `kubectl`, `crio`, `pinns` and `helm`.
    pub binaries: PathBuf,
    /// The versions.
    pub versions: Versions,
}

/// The versions that the lab offers. Downloads whose URL has a version answer for every version.
#[derive(Clone, Debug)]
pub struct Versions {
    /// Of the Kubernetes programs, for instance `1.34.4`.
    pub kubernetes: String,
    /// Of CRI-O.
    pub crio: String,
    /// Of helm.
    pub helm: String,
    /// Of the cilium chart; more than one may be offered.
    pub cilium: Vec<String>,
    /// Of the ceph-csi-cephfs chart.
    pub ceph_csi: Vec<String>,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            kubernetes: "1.34.4".to_owned(),
            crio: "1.34.0".to_owned(),
            helm: "3.19.0".to_owned(),
            cilium: vec!["1.18.0".to_owned(), "1.18.1".to_owned()],
            ceph_csi: vec!["3.14.0".to_owned(), "3.15.0".to_owned()],
        }
    }
}

/// `1.34` of `1.34.4`.
fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

impl Content {
    /// Writes everything, unless it is there from an earlier call with the same versions. Errors when a program is missing
    /// (`dpkg-deb`, `gpg`, `xorriso`, one of the binaries) or the folder cannot be written.
    pub fn write(&self) -> Result<()> {
        let stamp = self.stamp();
        let mark = self.state.join("content-made");
        if fs::read_to_string(&mark).is_ok_and(|made| made == stamp) {
            return Ok(());
        }
        let www = self.state.join("www");
        fs::create_dir_all(&www).with_context(|| format!("cannot make {}", www.display()))?;
        let key = Key::in_file(&self.state.join("archive-key.asc"))?;
        packages::write(self, &key)?;
        downloads::write(self)?;
        charts::write(self)?;
        let releases = self.folder("releases.ubuntu.com")?;
        iso::build(&releases.join("ubuntu.iso"))?;
        fs::write(releases.join(".anywhere"), "/*/ubuntu-*-live-server-amd64.iso\tubuntu.iso\n")?;
        fs::write(mark, stamp)?;
        Ok(())
    }

    /// What the content depends on: the versions and this very program, which carries its texts.
    fn stamp(&self) -> String {
        let program = std::env::current_exe().and_then(fs::metadata);
        let program = program.and_then(|known| Ok((known.len(), known.modified()?))).ok();
        format!("{:?} {program:?}", self.versions)
    }

    /// A host's folder, made.
    fn folder(&self, host: &str) -> Result<PathBuf> {
        let folder = super::www(&self.state, host);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}
