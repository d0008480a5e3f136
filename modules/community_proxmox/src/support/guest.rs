//! Addresses of a virtual machine, as the agent in it tells them.

use std::{
    net::{IpAddr, Ipv4Addr},
    thread,
    time::{Duration, Instant},
};

use rustible_sdk::{Dict, Failure, Host, Kind, Result, Value, coerce, fail};

use super::client::Server;

/// How an address is waited for.
#[derive(Debug, Clone)]
pub(crate) struct WaitForIp {
    /// Seconds until it is given up.
    pub(crate) timeout: u64,
    /// Seconds between two looks.
    pub(crate) interval: u64,
    /// Which addresses count: `ipv4`, `ipv6`, `any`.
    pub(crate) family: String,
    /// Only addresses of this interface.
    pub(crate) interface: Option<String>,
}
impl WaitForIp {
    /// Of an argument: a mapping, or whether it is waited at all.
    ///
    /// # Errors
    /// When it is neither, or has a key that is not known.
    pub(crate) fn of(value: Option<&Value>) -> Result<Option<Self>> {
        let bad = |text: String| Failure::new(format!("wait_for_ip: {text}")).of_arg("wait_for_ip");
        let given = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Dict(given)) => given,
            Some(other) => {
                let wanted = coerce::boolean(other).map_err(bad)?;
                return Ok(wanted.then(Self::default));
            }
        };
        let mut how = Self::default();
        for (key, value) in given.texts() {
            let seconds = || match coerce::coerce(Kind::Int, value).map_err(bad)? {
                Value::Int(number) => u64::try_from(number).map_err(|e| bad(e.to_string())),
                _ => Err(bad(format!("{} is no number of seconds", key.as_str()))),
            };
            match (key.as_str(), value.as_str()) {
                ("timeout", _) => how.timeout = seconds()?,
                ("interval", _) => how.interval = seconds()?,
                ("family", Some(family @ ("ipv4" | "ipv6" | "any"))) => how.family = family.to_string(),
                ("interface", Some(name)) => how.interface = Some(name.to_string()),
                (other, _) => return Err(bad(format!("{other} is not supported, or has no such value"))),
            }
        }
        Ok(Some(how))
    }
}
impl Default for WaitForIp {
    fn default() -> Self {
        Self { timeout: 600, interval: 5, family: "ipv4".to_string(), interface: None }
    }
}

/// What the agent told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses {
    /// Usable ones, in the agent's order.
    pub(crate) ips: Vec<String>,
    /// All it told.
    pub(crate) interfaces: Vec<Value>,
}

/// Ask the agent once; nothing when it does not answer yet.
///
/// # Errors
/// When the server does not let ask.
pub(crate) fn look(server: &Server, node: &str, vmid: i64, how: &WaitForIp) -> Result<Addresses> {
    let path = format!("/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces");
    match server.get(&path, &[]) {
        Ok(said) => {
            let list = said.get("result").and_then(Value::as_list).cloned().unwrap_or_default();
            let interfaces: Vec<Value> = list.iter().cloned().collect();
            Ok(Addresses { ips: usable(&interfaces, how), interfaces })
        }
        // An agent that is not there yet is a failure to the server.
        Err(e) if e.status == 0 || e.status >= 500 => Ok(Addresses::default()),
        Err(e) => Err(e.into()),
    }
}

/// Ask the agent until it tells a usable address.
///
/// # Errors
/// When it does not in time.
pub(crate) fn wait(
    server: &Server,
    host: &Host,
    node: &str,
    vmid: i64,
    how: &WaitForIp,
) -> Result<Addresses> {
    let begun = Instant::now();
    loop {
        let found = look(server, node, vmid, how)?;
        if !found.ips.is_empty() {
            return Ok(found);
        }
        if begun.elapsed() >= Duration::from_secs(how.timeout) {
            fail!(vmid = vmid; "VM {vmid} has told no address within {} seconds: is its guest agent running?", how.timeout);
        }
        let mut left = Duration::from_secs(how.interval.max(1));
        while !left.is_zero() {
            host.still_wanted()?;
            let step = left.min(Duration::from_millis(250));
            thread::sleep(step);
            left -= step;
        }
    }
}

fn usable(interfaces: &[Value], how: &WaitForIp) -> Vec<String> {
    /// Bridges and devices of containers and overlays.
    const FOREIGN: [&str; 9] = ["lo", "docker", "br-", "cni", "veth", "cilium", "lxc", "flannel", "cali"];
    let mut ips = Vec::new();
    for interface in interfaces {
        let name = interface.get("name").and_then(Value::as_str).unwrap_or_default();
        let wanted = match &how.interface {
            Some(wanted) => wanted == name,
            None => !FOREIGN.iter().any(|prefix| name.starts_with(prefix)),
        };
        let addresses = interface.get("ip-addresses").and_then(Value::as_list).cloned().unwrap_or_default();
        for address in addresses.iter().filter(|_| wanted) {
            let text = address.get("ip-address").and_then(Value::as_str).unwrap_or_default();
            if text.parse().is_ok_and(|ip| counts(ip, &how.family)) {
                ips.push(text.to_string());
            }
        }
    }
    ips
}

fn counts(ip: IpAddr, family: &str) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            family != "ipv6" && !ip.is_loopback() && !ip.is_link_local() && ip != Ipv4Addr::UNSPECIFIED
        }
        IpAddr::V6(ip) => {
            family != "ipv4" && !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified()
        }
    }
}

/// Hardware addresses in a configuration, by network device.
pub(crate) fn macs(config: &Dict) -> Dict {
    let mut macs = Dict::new();
    for (key, value) in config.texts() {
        let number = key
            .as_str()
            .strip_prefix("net")
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        let text = value.as_str().filter(|_| number).unwrap_or_default();
        let is_mac = |word: &&str| word.len() == 17 && word.matches(':').count() == 5;
        if let Some(mac) = text.split([',', '=']).find(is_mac) {
            macs.insert(key.as_str(), mac);
        }
    }
    macs
}

#[cfg(test)]
mod tests {
    use rustible_sdk::json;

    use super::*;

    #[test]
    fn only_addresses_from_outside_count() {
        let told = json::read(
            r#"[{"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1"}]},
                {"name": "ens18", "ip-addresses": [{"ip-address": "169.254.1.1"}, {"ip-address": "10.0.0.5"},
                 {"ip-address": "fe80::1"}, {"ip-address": "2001:db8::5"}]},
                {"name": "docker0", "ip-addresses": [{"ip-address": "172.17.0.1"}]}, {"name": "ens19"}]"#,
        );
        let told: Vec<Value> = told.unwrap().as_list().unwrap().iter().cloned().collect();
        let of =
            |family: &str| usable(&told, &WaitForIp { family: family.to_string(), ..WaitForIp::default() });
        assert_eq!(of("ipv4"), ["10.0.0.5"]);
        assert_eq!(of("any"), ["10.0.0.5", "2001:db8::5"]);
    }
}
