//! Rows about the machines, seen by ssh.

use std::collections::BTreeSet;

use anyhow::Result;

use super::super::check::{Table, Verdict, same};
use super::super::controller::USER;
use super::super::look::Look;
use super::super::wish::Wish;
use crate::network::address;

const ALL: &str = "8472/udp 51871/udp";
const CONTROL_RULES: &str =
    "22/tcp 4240/tcp 4244:4245/tcp 4250/tcp 6443/tcp 2379:2380/tcp 10250/tcp 10257/tcp 10259/tcp";
const WORKER_RULES: &str = "22/tcp 80/tcp 443/tcp 4240/tcp 4244:4245/tcp 4250/tcp 10250/tcp 10256/tcp 30000:32767/tcp 30000:32767/udp";

/// A look at one machine: what is asked, a shell's text, what it prints.
type Fact = (&'static str, String, String);

pub(super) fn rows(table: &mut Table, look: &Look, wish: &Wish) {
    for node in wish.nodes() {
        for (what, text, wanted) in facts(node.last, &node.name) {
            let seen = look.node(node.last, &text).map(|seen| same(&seen.trim().to_owned(), &wanted));
            table.look("hosts", format!("{}: {what}", node.name), seen);
        }
        let own = if node.worker { WORKER_RULES } else { CONTROL_RULES };
        let what = format!("{}: firewall, rule for rule", node.name);
        table.look("hosts", what, rules(look, node.last, own));
    }
}

fn facts(last: u8, name: &str) -> Vec<Fact> {
    let fact = |what, text: &str, wanted: &str| (what, text.to_owned(), wanted.to_owned());
    let own = address(last);
    vec![
        fact("hostname", "cat /etc/hostname; hostname", &format!("{name}\n{name}")),
        fact("ssh user with sudo", "echo $SUDO_USER; id -un", &format!("{USER}\nroot")),
        fact("no user ubuntu", "getent passwd ubuntu || echo none", "none"),
        fact(
            "no log-in by password",
            "sshd -T | grep -E '^(password|kbdinteractive)authentication'",
            "passwordauthentication no\nkbdinteractiveauthentication no",
        ),
        (
            "the static address, and in netplan's file",
            format!(
                "ip -4 -o address show scope global | grep -cwF {own}/24; grep -cwF {own}/24 /etc/netplan/99-static.yaml"
            ),
            "1\n1".to_owned(),
        ),
        fact("no swap, none in fstab", "swapon --noheadings; grep -cE '^[^#].*[[:space:]]swap[[:space:]]' /etc/fstab", "0"),
        // A held driver is a matter of the rows about the GPU.
        fact("packages held", "apt-mark showhold | grep -v ^nvidia-driver | sort | xargs", "cri-o kubeadm kubectl kubelet"),
        fact("services active and enabled", "systemctl is-active crio kubelet; systemctl is-enabled crio kubelet",
            "active\nactive\nenabled\nenabled"),
        fact(
            "ip_forward now and in its file",
            "cat /proc/sys/net/ipv4/ip_forward; grep -c '^net.ipv4.ip_forward *= *1$' /etc/sysctl.d/99-kubernetes.conf",
            "1\n1",
        ),
        fact("modules file", "cat /etc/modules-load.d/k8s.conf", "overlay\nbr_netfilter"),
    ]
    .into_iter()
    .map(|(what, text, wanted)| (what, format!("{{ {text}; }} || true"), wanted))
    .collect()
}

fn rules(look: &Look, last: u8, own: &str) -> Result<Verdict> {
    let seen = look.node(last, "ufw status")?;
    let wanted: BTreeSet<String> = [ALL, own]
        .iter()
        .flat_map(|text| text.split(' '))
        .flat_map(|rule| [format!("{rule} ALLOW Anywhere"), format!("{rule} (v6) ALLOW Anywhere (v6)")])
        .chain(["Status: active".to_owned()])
        .collect();
    let seen: BTreeSet<String> = seen
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.starts_with("To Action") && !line.starts_with("--"))
        .collect();
    Ok(same(&seen, &wanted))
}
