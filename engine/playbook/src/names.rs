//! Names of actions: which take free-form text, and where old and short names lead.

/// Actions that take a bare text as `_raw_params`, by the last part of their name.
pub const RAW_ACTIONS: &[&str] = &[
    "command",
    "shell",
    "raw",
    "script",
    "win_command",
    "win_shell",
    "include_vars",
    "include_tasks",
    "include_role",
    "import_tasks",
    "import_role",
    "import_playbook",
    "add_host",
    "group_by",
    "set_fact",
    "meta",
];

/// Collection and modules whose short name, `ansible.builtin.` name or old collection name leads there.
const HOMES: &[(&str, &[&str])] = &[
    (
        "ansible.posix",
        &[
            "acl",
            "at",
            "authorized_key",
            "firewalld",
            "firewalld_info",
            "mount",
            "patch",
            "seboolean",
            "selinux",
            "synchronize",
            "sysctl",
        ],
    ),
    (
        "kubernetes.core",
        &[
            "k8s",
            "k8s_cluster_info",
            "k8s_cp",
            "k8s_drain",
            "k8s_exec",
            "k8s_info",
            "k8s_json_patch",
            "k8s_log",
            "k8s_rollback",
            "k8s_scale",
            "k8s_service",
            "k8s_taint",
            "helm",
            "helm_info",
            "helm_plugin",
            "helm_plugin_info",
            "helm_pull",
            "helm_repository",
            "helm_template",
        ],
    ),
    (
        "community.proxmox",
        &[
            "proxmox",
            "proxmox_kvm",
            "proxmox_template",
            "proxmox_vm_info",
            "proxmox_disk",
            "proxmox_nic",
            "proxmox_snap",
        ],
    ),
    ("rustible.native", &["proxmox_vm"]),
    (
        "community.crypto",
        &[
            "openssh_keypair",
            "openssl_csr",
            "openssl_privatekey",
            "openssl_publickey",
            "openssl_dhparam",
            "openssl_pkcs12",
            "x509_certificate",
            "get_certificate",
        ],
    ),
    (
        "community.general",
        &[
            "alternatives",
            "archive",
            "capabilities",
            "cpanm",
            "composer",
            "dconf",
            "filesystem",
            "gem",
            "git_config",
            "gitlab_deploy_key",
            "gitlab_project_variable",
            "htpasswd",
            "ini_file",
            "interfaces_file",
            "java_cert",
            "kernel_blacklist",
            "ldap_attrs",
            "ldap_entry",
            "locale_gen",
            "lvg",
            "lvol",
            "make",
            "modprobe",
            "monit",
            "nmcli",
            "npm",
            "open_iscsi",
            "osx_defaults",
            "pacman",
            "pam_limits",
            "parted",
            "sefcontext",
            "slack",
            "snap",
            "ssh_config",
            "supervisorctl",
            "timezone",
            "ufw",
            "xattr",
            "xml",
            "zfs",
            "zypper",
            "apk",
            "homebrew",
            "flatpak",
            "opkg",
            "portage",
            "redis",
            "runit",
        ],
    ),
];

/// Collections that were renamed.
const RENAMED: &[(&str, &str)] =
    &[("community.kubernetes", "kubernetes.core"), ("ansible.legacy", "ansible.builtin")];

/// The full name to which a name leads: `k8s`, `ansible.builtin.k8s`, `community.kubernetes.k8s` to `kubernetes.core.k8s`.
/// `None` when no redirection is known.
#[must_use]
pub fn redirect(name: &str) -> Option<String> {
    let (collection, short) = name.rsplit_once('.').unwrap_or(("", name));
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == collection) {
        let renamed = format!("{new}.{short}");
        return Some(redirect(&renamed).unwrap_or(renamed));
    }
    if short == "systemd" && matches!(collection, "" | "ansible.builtin") {
        return Some("ansible.builtin.systemd_service".into());
    }
    if !matches!(collection, "" | "ansible.builtin" | "community.general") {
        return None;
    }
    let (home, _) = HOMES.iter().find(|(_, names)| names.contains(&short))?;
    if *home == collection { None } else { Some(format!("{home}.{short}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_short_names_lead_to_todays_collections() {
        assert_eq!(redirect("k8s").as_deref(), Some("kubernetes.core.k8s"));
        assert_eq!(redirect("ansible.builtin.k8s").as_deref(), Some("kubernetes.core.k8s"));
        assert_eq!(redirect("community.kubernetes.helm").as_deref(), Some("kubernetes.core.helm"));
        assert_eq!(
            redirect("community.general.proxmox_kvm").as_deref(),
            Some("community.proxmox.proxmox_kvm")
        );
        assert_eq!(redirect("ansible.legacy.copy").as_deref(), Some("ansible.builtin.copy"));
        assert_eq!(redirect("ansible.legacy.systemd").as_deref(), Some("ansible.builtin.systemd_service"));
        assert_eq!(redirect("community.general.ufw"), None);
        assert_eq!(redirect("copy"), None);
    }
}
