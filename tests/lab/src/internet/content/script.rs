//! The texts of the lab's small programs, kept as files.

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../../data/packages/", $name))
    };
}

pub(super) const KUBELET_SERVICE: &str = text!("kubelet.service");
pub(super) const KUBEADM_DROPIN: &str = text!("10-kubeadm.conf");
pub(super) const CRIO_SERVICE: &str = text!("crio.service");
pub(super) const CRIO_SETTINGS: &str = text!("10-crio.conf");
pub(super) const POLICY: &str = text!("policy.json");
pub(super) const CRUN: &str = text!("crun.sh");
pub(super) const NVIDIA_RUNTIME: &str = text!("nvidia-container-runtime.sh");
pub(super) const NVIDIA_RUNTIME_SETTINGS: &str = text!("nvidia-container-runtime.toml");
pub(super) const NVIDIA_CTK: &str = text!("nvidia-ctk.sh");
pub(super) const NVIDIA_SMI: &str = text!("nvidia-smi.sh");
pub(super) const NVIDIA_AFTER: &str = text!("nvidia-driver-postinst.sh");
pub(super) const UBUNTU_DRIVERS: &str = text!("ubuntu-drivers.sh");
pub(super) const LSPCI: &str = text!("lspci.sh");
pub(super) const CEPH: &str = text!("ceph.sh");
pub(super) const CRICTL: &str = text!("crictl.sh");
pub(super) const CILIUM: &str = text!("cilium.sh");
pub(super) const HUBBLE: &str = text!("hubble.sh");

/// The same text with its version put in.
pub(super) fn versioned(text: &str, version: &str) -> String {
    text.replace("@VERSION@", version)
}
