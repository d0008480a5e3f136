//! Interfaces, addresses, default routes: what `ip` says.

use std::net::Ipv4Addr;

use rustible_sdk::{json, prelude::*};

use super::{Args, Facts};

fn ask(host: &Host, words: &[&str]) -> Result<Vec<Value>> {
    let mut argv = vec!["ip", "-j"];
    argv.extend(words);
    let output = host.query(&Command::new(argv))?;
    Ok(json::read(&output.stdout).ok().and_then(|v| v.as_list().map(|l| l.to_vec())).unwrap_or_default())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Netmask and network of an address.
fn network_of(address: &str, prefix: i64) -> Option<(String, String)> {
    let address: Ipv4Addr = address.parse().ok()?;
    let bits = u32::try_from(prefix).ok().filter(|bits| *bits <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    let network = Ipv4Addr::from(u32::from(address) & mask);
    Some((Ipv4Addr::from(mask).to_string(), network.to_string()))
}

fn v4(info: &Value) -> Dict {
    let (address, prefix) =
        (text(info, "local"), info.get("prefixlen").and_then(Value::as_int).unwrap_or(32));
    let (mask, network) = network_of(address, prefix).unwrap_or_default();
    dict! {
        "address" => address, "broadcast" => text(info, "broadcast"), "netmask" => mask, "network" => network,
        "prefix" => prefix.to_string(),
    }
}

pub(super) fn network(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    if host.find_program("ip").is_none() {
        return Ok(());
    }
    let (mut names, mut all4, mut all6): (Vec<Value>, Vec<Value>, Vec<Value>) =
        (Vec::new(), Vec::new(), Vec::new());
    let mut links = Dict::new();
    for link in ask(host, &["address", "show"])? {
        let name = text(&link, "ifname").to_string();
        names.push(name.as_str().into());
        let flags = link.get("flags").and_then(Value::as_list).cloned().unwrap_or_default();
        let has = |flag: &str| flags.iter().any(|f| f.as_str() == Some(flag));
        let loopback = text(&link, "link_type") == "loopback";
        let mut fact = dict! {
            "device" => name.as_str(), "active" => has("UP") || has("LOWER_UP"), "mtu" => link.get("mtu").cloned(),
            "promisc" => has("PROMISC"), "type" => if loopback { "loopback" } else { "ether" },
        };
        if !loopback && !text(&link, "address").is_empty() {
            fact.insert("macaddress", text(&link, "address"));
        }
        let (mut six, mut more): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        for info in link.get("addr_info").and_then(Value::as_list).cloned().unwrap_or_default().iter() {
            let address = text(info, "local");
            if text(info, "family") == "inet" {
                if fact.contains_key("ipv4") {
                    more.push(v4(info).into());
                } else {
                    fact.insert("ipv4", v4(info));
                }
                if !address.starts_with("127.") {
                    all4.push(address.into());
                }
            } else {
                let prefix = info.get("prefixlen").and_then(Value::as_int).unwrap_or(128).to_string();
                let scope = text(info, "scope");
                six.push(dict! { "address" => address, "prefix" => prefix, "scope" => scope }.into());
                if address != "::1" {
                    all6.push(address.into());
                }
            }
        }
        if !six.is_empty() {
            fact.insert("ipv6", six);
        }
        if !more.is_empty() {
            fact.insert("ipv4_secondaries", more);
        }
        links.insert(name.as_str(), fact.clone());
        facts.insert(name.replace(['-', ':', '.'], "_"), fact);
    }
    for (fact, family, probe) in
        [("default_ipv4", "-4", "8.8.8.8"), ("default_ipv6", "-6", "2404:6800:400a:800::1012")]
    {
        let route = ask(host, &[family, "route", "get", probe]).unwrap_or_default();
        let found = route.first().map(|route| default_of(route, &links, family)).unwrap_or_default();
        facts.insert(fact, found);
    }
    facts.insert("locally_reachable_ips", reachable(host)?);
    facts.insert("interfaces", names);
    facts.insert("all_ipv4_addresses", all4);
    facts.insert("all_ipv6_addresses", all6);
    Ok(())
}

/// What the routes to the host itself reach, by family.
fn reachable(host: &Host) -> Result<Dict> {
    let mut out = Dict::new();
    for (fact, family) in [("ipv4", "-4"), ("ipv6", "-6")] {
        let mut all: Vec<Value> = Vec::new();
        let output = host.query(&Command::new(["ip", family, "route", "show", "table", "local"]))?;
        for line in output.stdout.lines().filter(|_| output.ok()) {
            let mut words = line.split_whitespace();
            let address = words.next().filter(|kind| *kind == "local").and_then(|_| words.next());
            if let Some(address) = address.map(Value::from).filter(|address| !all.contains(address)) {
                all.push(address);
            }
        }
        out.insert(fact, all);
    }
    Ok(out)
}

fn default_of(route: &Value, links: &Dict, family: &str) -> Dict {
    let (name, source) = (text(route, "dev"), text(route, "prefsrc"));
    if name.is_empty() || name == "lo" {
        return Dict::new();
    }
    let mut out = dict! { "interface" => name, "address" => source };
    if !text(route, "gateway").is_empty() {
        out.insert("gateway", text(route, "gateway"));
    }
    let Some(link) = links.get(name) else { return out };
    for key in ["macaddress", "mtu", "type"] {
        if let Some(value) = link.get(key) {
            out.insert(key, value.clone());
        }
    }
    if family == "-4" {
        let more = link.get("ipv4_secondaries").and_then(Value::as_list).cloned().unwrap_or_default();
        let own = link.get("ipv4").into_iter().chain(more.iter()).find(|v| text(v, "address") == source);
        for (key, value) in own.and_then(Value::as_dict).cloned().unwrap_or_default().iter() {
            out.insert(key.clone(), value.clone());
        }
        out.insert("alias", name);
    } else {
        let six = link.get("ipv6").and_then(Value::as_list).cloned().unwrap_or_default();
        for (key, value) in
            six.iter().find(|v| text(v, "address") == source).and_then(Value::as_dict).into_iter().flatten()
        {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}
