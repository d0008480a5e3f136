//! Addresses: the `ipaddr` family, `ipwrap`, `random_mac`.

use std::{net::IpAddr, rc::Rc};

use ipnet::IpNet;
use num_bigint::BigUint;
use num_traits::ToPrimitive;

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("ansible.utils.ipaddr", |_, v, a| family(&v, a, None)),
    ("ansible.utils.ipv4", |_, v, a| family(&v, a, Some(4))),
    ("ansible.utils.ipv6", |_, v, a| family(&v, a, Some(6))),
    ("ansible.netcommon.ipaddr", |_, v, a| family(&v, a, None)),
    ("ipaddr", |_, v, a| family(&v, a, None)),
    ("ipv4", |_, v, a| family(&v, a, Some(4))),
    ("ipv6", |_, v, a| family(&v, a, Some(6))),
    ("ansible.utils.ipwrap", ipwrap),
    ("ipwrap", ipwrap),
    ("ansible.utils.ipsubnet", ipsubnet),
    ("ipsubnet", ipsubnet),
    ("ansible.utils.nthhost", nthhost),
    ("nthhost", nthhost),
    ("ansible.utils.ipmath", ipmath),
    ("ipmath", ipmath),
];

/// An address with the length of its network; `bare`: it was written without one.
#[derive(Clone, Copy)]
struct Ip {
    net: IpNet,
    bare: bool,
}

fn parse(text: &str) -> Option<Ip> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Ip { net: IpNet::from(address), bare: true });
    }
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(Ip { net, bare: false });
    }
    let (address, mask) = text.split_once('/')?;
    let net = IpNet::with_netmask(address.parse().ok()?, mask.parse().ok()?).ok()?;
    Some(Ip { net, bare: false })
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => u128::from(a.to_bits()),
        IpAddr::V6(a) => a.to_bits(),
    }
}

fn address(number: u128, v4: bool) -> Option<IpAddr> {
    if v4 {
        u32::try_from(number).ok().map(|n| IpAddr::V4(n.into()))
    } else {
        Some(IpAddr::V6(number.into()))
    }
}

fn family(input: &Rt, args: Args, version: Option<u8>) -> Res<Rt> {
    let args = bind("ipaddr", args, &["query", "version", "alias"])?;
    let query = args.text(0, "")?;
    match input {
        Rt::List(_) | Rt::Tuple(_) => {
            let mut out = Vec::new();
            for item in input.iterate()? {
                let found = one(&item, &query, version)?;
                if found.truthy()? {
                    out.push(found);
                }
            }
            Ok(Rt::list(out))
        }
        other => one(other, &query, version),
    }
}

fn one(input: &Rt, query: &str, version: Option<u8>) -> Res<Rt> {
    let parsed = match input {
        Rt::Bool(_) | Rt::Null => None,
        Rt::Int(n) => u128::try_from(*n)
            .ok()
            .and_then(|n| address(n, n <= u128::from(u32::MAX) && version != Some(6)))
            .map(|a| Ip { net: IpNet::from(a), bare: true }),
        other => parse(&repr::text(other)?),
    };
    let wanted = |ip: &Ip| version.is_none_or(|v| (v == 4) == matches!(ip.net, IpNet::V4(_)));
    let Some(ip) = parsed.filter(wanted) else { return Ok(Rt::Bool(false)) };
    answer(&ip, query, &repr::text(input)?)
}

fn private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_private(),
        IpAddr::V6(a) => a.is_unique_local(),
    }
}

fn answer(ip: &Ip, query: &str, written: &str) -> Res<Rt> {
    let net = ip.net;
    let (addr, length, v4) = (net.addr(), net.prefix_len(), matches!(net, IpNet::V4(_)));
    let text = |value: String| Ok(Rt::from(value));
    let only = |yes: bool, value: String| Ok(if yes { Rt::from(value) } else { Rt::Bool(false) });
    let single = net.max_prefix_len() == length;
    let is_network = !single && net.network() == addr;
    match query {
        "" => text(if ip.bare { addr.to_string() } else { format!("{addr}/{length}") }),
        "address" | "ip" => {
            // A network's own address is no host's.
            let host = ip.bare || single || !is_network || net.max_prefix_len() - length <= 1;
            Ok(if host { Rt::from(addr.to_string()) } else { Rt::Null })
        }
        "address/prefix" | "gateway" | "gw" | "host/prefix" | "hostnet" | "router" => {
            only(!ip.bare && (!is_network || length >= net.max_prefix_len() - 1), format!("{addr}/{length}"))
        }
        "host" => only(ip.bare || single || !is_network, format!("{addr}/{length}")),
        "net" => only(is_network || (!ip.bare && single), format!("{}/{length}", net.network())),
        "network" => text(net.network().to_string()),
        "network_id" => text(net.network().to_string()),
        "network/prefix" | "subnet" => text(format!("{}/{length}", net.network())),
        "prefix" => Ok(Rt::Int(i64::from(length))),
        "netmask" => text(net.netmask().to_string()),
        "network_netmask" => text(format!("{} {}", net.network(), net.netmask())),
        "ip_netmask" => text(format!("{addr} {}", net.netmask())),
        "ip/prefix" => text(format!("{addr}/{length}")),
        "wildcard" | "hostmask" => text(net.hostmask().to_string()),
        "network_wildcard" => text(format!("{} {}", net.network(), net.hostmask())),
        "broadcast" => only(v4 && length < 31, net.broadcast().to_string()),
        "size" => Ok(Rt::big(num_bigint::BigInt::from(size(&net)))),
        "version" => Ok(Rt::Int(if v4 { 4 } else { 6 })),
        "type" => text(if is_network { "network" } else { "address" }.to_string()),
        "int" => Ok(if ip.bare || single {
            Rt::big(number(addr).into())
        } else {
            Rt::from(format!("{}/{length}", number(addr)))
        }),
        "private" => only(private(addr), written.to_string()),
        "public" => {
            let local = match addr {
                IpAddr::V4(a) => {
                    a.is_loopback() || a.is_link_local() || a.is_multicast() || a.is_unspecified()
                }
                IpAddr::V6(a) => a.is_loopback() || a.is_unicast_link_local() || a.is_multicast(),
            };
            only(!private(addr) && !local, written.to_string())
        }
        "loopback" | "lo" => only(addr.is_loopback(), written.to_string()),
        "multicast" => only(addr.is_multicast(), written.to_string()),
        "unicast" => only(!addr.is_multicast(), written.to_string()),
        "link-local" | "lladdr" => {
            let local = match addr {
                IpAddr::V4(a) => a.is_link_local(),
                IpAddr::V6(a) => a.is_unicast_link_local(),
            };
            only(local, written.to_string())
        }
        "ipv4" => only(v4, written.to_string()),
        "ipv6" => only(!v4, written.to_string()),
        "revdns" => text(reverse(addr)),
        "first_usable" | "last_usable" | "range_usable" | "size_usable" => usable(&net, query),
        "next_usable" | "previous_usable" | "peer" => neighbour(&net, query),
        "subnet_id" => text(net.network().to_string()),
        "cidr" => text(format!("{addr}/{length}")),
        "bool" | "true" => Ok(Rt::Bool(true)),
        other => by_number_or_network(ip, other, written),
    }
}

fn size(net: &IpNet) -> BigUint {
    BigUint::from(1u8) << usize::from(net.max_prefix_len() - net.prefix_len())
}

fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(a) => {
            let [a, b, c, d] = a.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(a) => {
            let digits: Vec<String> =
                format!("{:032x}", a.to_bits()).chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa.", digits.join("."))
        }
    }
}

/// First and last address that a host may have.
fn hosts(net: &IpNet) -> (u128, u128) {
    let (first, last) = (number(net.network()), number(net.broadcast()));
    if net.max_prefix_len() - net.prefix_len() <= 1 {
        (first, last)
    } else {
        (first + 1, if matches!(net, IpNet::V4(_)) { last - 1 } else { last })
    }
}

fn usable(net: &IpNet, query: &str) -> Res<Rt> {
    let v4 = matches!(net, IpNet::V4(_));
    let (first, last) = hosts(net);
    let show = |n: u128| address(n, v4).map(|a| a.to_string()).unwrap_or_default();
    Ok(match query {
        "first_usable" => Rt::from(show(first)),
        "last_usable" => Rt::from(show(last)),
        "range_usable" => Rt::from(format!("{}-{}", show(first), show(last))),
        _ => Rt::big(num_bigint::BigInt::from(last - first + 1)),
    })
}

fn neighbour(net: &IpNet, query: &str) -> Res<Rt> {
    let v4 = matches!(net, IpNet::V4(_));
    let (first, last) = hosts(net);
    let here = number(net.addr());
    let show = |n: u128| address(n, v4).map_or(Rt::Bool(false), |a| Rt::from(a.to_string()));
    Ok(match query {
        "next_usable" if here < last => show(here + 1),
        "previous_usable" if here > first => show(here - 1),
        "peer" if net.max_prefix_len() - net.prefix_len() == 1 => show(here ^ 1),
        "peer" if net.max_prefix_len() - net.prefix_len() == 2 && (first..=last).contains(&here) => {
            show(if here == first { last } else { first })
        }
        "peer" => return Err(fail("Not a point-to-point network")),
        _ => Rt::Bool(false),
    })
}

fn by_number_or_network(ip: &Ip, query: &str, written: &str) -> Res<Rt> {
    let net = ip.net;
    if let Ok(index) = query.parse::<i64>() {
        let count = size(&net);
        let offset =
            if index < 0 { count.to_i128().map(|c| c + i128::from(index)) } else { Some(i128::from(index)) };
        let offset = offset.and_then(|o| u128::try_from(o).ok()).filter(|o| BigUint::from(*o) < count);
        let found = offset.and_then(|o| address(number(net.network()) + o, matches!(net, IpNet::V4(_))));
        return Ok(found.map_or(Rt::Bool(false), |a| Rt::from(format!("{a}/{}", net.prefix_len()))));
    }
    match parse(query) {
        Some(outer) => Ok(if outer.net.contains(&net.addr()) && outer.net.prefix_len() <= net.prefix_len() {
            Rt::str(written)
        } else {
            Rt::Bool(false)
        }),
        None => Err(fail(format!("ipaddr: unknown filter type: {query}"))),
    }
}

fn ipwrap(_: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    let wrap = |item: &Rt| -> Res<Rt> {
        let text = repr::text(item)?;
        Ok(match parse(&text) {
            Some(Ip { net: IpNet::V6(net), bare }) => {
                let length = if bare { String::new() } else { format!("/{}", net.prefix_len()) };
                Rt::from(format!("[{}]{length}", net.addr()))
            }
            _ => item.clone(),
        })
    };
    match &input {
        Rt::List(_) | Rt::Tuple(_) => {
            input.iterate()?.iter().map(wrap).collect::<Res<Vec<_>>>().map(Rt::list)
        }
        other => wrap(other),
    }
}

fn ipsubnet(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("ipsubnet", args, &["query", "index"])?;
    let Some(ip) = parse(&repr::text(&input)?) else { return Ok(Rt::Bool(false)) };
    let net = ip.net;
    let query = args.text(0, "")?;
    if query.is_empty() {
        return Ok(Rt::from(format!("{}/{}", net.trunc().addr(), net.prefix_len())));
    }
    let Ok(length) = query.parse::<u8>() else {
        let Some(inner) = parse(&query) else {
            return Err(fail(format!("You must pass a valid subnet or IP address; {query} is invalid")));
        };
        // The position of this network among the equally long ones of the larger.
        let shift = u32::from(net.max_prefix_len() - net.prefix_len());
        let step = |n: u128| if shift >= 128 { 0 } else { n >> shift };
        let index = step(number(net.network())) - step(number(inner.net.network()));
        return Ok(Rt::big(num_bigint::BigInt::from(index + 1)));
    };
    if length > net.max_prefix_len() {
        return Ok(Rt::Bool(false));
    }
    let v4 = matches!(net, IpNet::V4(_));
    if length < net.prefix_len() {
        let outer = IpNet::new(net.addr(), length).map_err(|e| fail(e.to_string()))?.trunc();
        return Ok(Rt::from(outer.to_string()));
    }
    let count = BigUint::from(1u8) << usize::from(length - net.prefix_len());
    match args.opt_int(1)? {
        None => Ok(Rt::from(count.to_string())),
        Some(index) => {
            let at = if index < 0 {
                count.to_i128().map(|c| c + i128::from(index))
            } else {
                Some(i128::from(index))
            };
            let at = at.and_then(|a| u128::try_from(a).ok()).filter(|a| BigUint::from(*a) < count);
            let size = 1u128.checked_shl(u32::from(net.max_prefix_len() - length)).unwrap_or(0);
            let found = at.and_then(|a| address(number(net.network()) + a * size, v4));
            Ok(found.map_or(Rt::Bool(false), |a| Rt::from(format!("{a}/{length}"))))
        }
    }
}

fn nthhost(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("nthhost", args, &["query"])?;
    let index = args.int(0, 0)?;
    let Some(ip) = parse(&repr::text(&input)?) else { return Ok(Rt::Bool(false)) };
    let count = size(&ip.net);
    let at = if index < 0 { count.to_i128().map(|c| c + i128::from(index)) } else { Some(i128::from(index)) };
    let at = at.and_then(|a| u128::try_from(a).ok()).filter(|a| BigUint::from(*a) < count);
    let found = at.and_then(|a| address(number(ip.net.network()) + a, matches!(ip.net, IpNet::V4(_))));
    Ok(found.map_or(Rt::Bool(false), |a| Rt::from(a.to_string())))
}

fn ipmath(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("ipmath", args, &["amount"])?;
    let amount = args.int(0, 0)?;
    let text = repr::text(&input)?;
    let Some(ip) = parse(&text) else {
        return Err(fail(format!("You must pass a valid IP address; {text} is invalid")));
    };
    let here = i128::try_from(number(ip.net.addr())).map_err(|_| fail("the address is too large"))?;
    let there = u128::try_from(here + i128::from(amount)).ok();
    match there.and_then(|n| address(n, matches!(ip.net, IpNet::V4(_)))) {
        Some(address) => Ok(Rt::from(address.to_string())),
        None => Err(fail("the result is no address")),
    }
}
