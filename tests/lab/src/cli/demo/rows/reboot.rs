//! Rebooting a machine as its administrator would, and what must hold afterwards.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::super::check::{Table, Verdict, same};
use super::super::look::Look;
use super::super::wish::{Node, Wish};

/// How long a machine gets until it can be logged in to again.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) fn rows(table: &mut Table, look: &Look, wish: &Wish) {
    if let Some(node) = wish.nodes().last() {
        table.look("hosts", format!("{}: ip_forward 1 after a reboot", node.name), forwards(look, node));
    }
}

fn forwards(look: &Look, node: &Node) -> Result<Verdict> {
    restart(look, node)?;
    let seen = look.node(node.last, "cat /proc/sys/net/ipv4/ip_forward")?;
    Ok(same(&seen.trim().to_owned(), &"1".to_owned()))
}

/// Reboots a machine and waits until it can be logged in to. Errors when that takes too long.
pub(super) fn restart(look: &Look, node: &Node) -> Result<()> {
    const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";
    let before = look.node(node.last, BOOT)?;
    // The connection may end before the command's answer comes.
    let _cut = look.node(node.last, "systemctl reboot");
    let end = Instant::now() + PATIENCE;
    while look.node(node.last, BOOT).map_or(true, |now| now == before) {
        if Instant::now() > end {
            bail!("{} is not back from its reboot", node.name);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}
