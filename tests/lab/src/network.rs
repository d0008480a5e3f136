//! The lab's network: one bridge on this computer, addresses by hand, nothing translated or forwarded to the outside.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Result;

use crate::command::run;

/// The bridge's name.
pub const BRIDGE: &str = "rustible-lab0";
/// The length of the network's prefix.
pub const PREFIX: u8 = 24;

/// The address with the last number `last`; 1 is the lab's own: names, web, Proxmox.
pub const fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 209, 0, last)
}

/// The address of everything outside the machines.
pub const fn outside() -> IpAddr {
    IpAddr::V4(address(1))
}

/// Makes the bridge with its address, unless it is there. Errors when `ip` fails.
pub fn up() -> Result<()> {
    if run("ip", &["link", "show", BRIDGE]).is_err() {
        run("ip", &["link", "add", BRIDGE, "type", "bridge"])?;
    }
    run("ip", &["address", "replace", &format!("{}/{PREFIX}", outside()), "dev", BRIDGE])?;
    run("ip", &["link", "set", BRIDGE, "up"])?;
    Ok(())
}

/// Removes the bridge; one that is not there is no error. Errors when `ip` fails.
pub fn down() -> Result<()> {
    if run("ip", &["link", "show", BRIDGE]).is_ok() {
        run("ip", &["link", "delete", BRIDGE])?;
    }
    Ok(())
}
