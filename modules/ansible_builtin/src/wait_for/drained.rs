//! Connections of a port, as the kernel lists them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustible_sdk::prelude::*;

use super::Args;

/// States that are active unless told otherwise.
pub(super) const STATES: &[&str] =
    &["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"];

/// The kernel's number of a state.
pub(super) fn state_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "ESTABLISHED" => "01",
        "SYN_SENT" => "02",
        "SYN_RECV" => "03",
        "FIN_WAIT1" => "04",
        "FIN_WAIT2" => "05",
        "TIME_WAIT" => "06",
        _ => return None,
    })
}

/// How many connections of the port are active.
pub(super) fn active(host: &Host, args: &Args) -> Result<usize> {
    let own = addresses(host, std::slice::from_ref(&args.host))?;
    let any = own.iter().any(IpAddr::is_unspecified);
    let others = addresses(host, args.exclude_hosts.as_deref().unwrap_or_default())?;
    let codes: Vec<&str> = args.active_connection_states.iter().filter_map(|s| state_code(s)).collect();
    let mut count = 0;
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = host.read_text(file)?.unwrap_or_default();
        for (local, remote, state) in text.lines().filter_map(connection) {
            let counts = codes.contains(&state)
                && Some(i64::from(local.1)) == args.port
                && (any || own.contains(&local.0))
                && !others.contains(&remote.0);
            count += usize::from(counts);
        }
    }
    Ok(count)
}

fn addresses(host: &Host, names: &[String]) -> Result<Vec<IpAddr>> {
    let mut all = Vec::new();
    for name in names {
        all.extend(host.resolve(name)?.into_iter().map(plain));
    }
    Ok(all)
}

/// Address and port.
type End = (IpAddr, u16);

/// Local end, remote end and state of a line; `None` for the heading.
fn connection(line: &str) -> Option<(End, End, &str)> {
    let mut words = line.split_whitespace().skip(1);
    Some((end(words.next()?)?, end(words.next()?)?, words.next()?))
}

fn end(text: &str) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    // Words of 32 bits, each in the byte order of the machine.
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let address = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => IpAddr::V4(Ipv4Addr::from(four)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some((plain(address), u16::from_str_radix(port, 16).ok()?))
}

fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let line =
            "   1: 0100007F:0016 0200000A:8235 01 00000000:00000000 00:00000000 00000000     0        0 1";
        let (local, remote, state) = connection(line).unwrap();
        assert_eq!((local, state), (("127.0.0.1".parse().unwrap(), 22), "01"));
        assert_eq!(remote.0, "10.0.0.2".parse::<IpAddr>().unwrap());
        let mapped = end("0000000000000000FFFF00000100007F:0050").unwrap();
        assert_eq!(mapped, ("127.0.0.1".parse().unwrap(), 80));
    }
}
