//! A small name server: addresses for the names that it knows, "no such name" for all others.
//!
//! It knows A and AAAA questions over UDP and TCP. There is no recursion, no zone transfer, no DNSSEC.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use crate::doubles::web::locked;

const SECONDS_TO_LIVE: u32 = 5;
const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;
const TYPE_ANY: u16 = 255;

/// The names that are known, lower case, with their addresses.
#[derive(Default)]
pub struct Names(Mutex<BTreeMap<String, IpAddr>>);

impl Names {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name or gives it another address.
    pub fn set(&self, name: &str, address: IpAddr) {
        locked(&self.0).insert(name.trim_end_matches('.').to_ascii_lowercase(), address);
    }

    /// Forgets a name.
    pub fn remove(&self, name: &str) {
        locked(&self.0).remove(&name.to_ascii_lowercase());
    }

    /// The address of a name.
    pub fn get(&self, name: &str) -> Option<IpAddr> {
        locked(&self.0).get(&name.to_ascii_lowercase()).copied()
    }

    /// Whether the name is known, or a longer name that ends in it is (it then exists, without an address).
    fn exists(&self, name: &str) -> bool {
        let below = format!(".{name}");
        locked(&self.0).keys().any(|known| known == name || known.ends_with(&below))
    }
}

/// A running name server; dropping it ends it.
pub struct NameServer {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl NameServer {
    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Answers questions on both sockets in the background. Errors when a socket has no address.
pub fn serve_names(udp: UdpSocket, tcp: TcpListener, names: Arc<Names>) -> Result<NameServer> {
    let address = udp.local_addr()?;
    let known = names.clone();
    let by_udp = tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let Ok((length, peer)) = udp.recv_from(&mut buffer).await else { continue };
            if let Some(reply) = buffer.get(..length).and_then(|question| answer(question, &known)) {
                let _peer_gone = udp.send_to(&reply, peer).await;
            }
        }
    });
    let by_tcp = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = tcp.accept().await else { continue };
            tokio::spawn(converse(stream, names.clone()));
        }
    });
    Ok(NameServer { address, tasks: [by_udp, by_tcp] })
}

async fn converse(mut stream: TcpStream, names: Arc<Names>) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        let Some(reply) = answer(&question, &names) else { return };
        let Ok(length) = u16::try_from(reply.len()) else { return };
        if stream.write_u16(length).await.is_err() || stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}

/// The reply to one message, or nothing for what is not a question.
fn answer(message: &[u8], names: &Names) -> Option<Vec<u8>> {
    let flags = u16::from_be_bytes([*message.get(2)?, *message.get(3)?]);
    let questions = u16::from_be_bytes([*message.get(4)?, *message.get(5)?]);
    if flags & 0x8000 != 0 || questions != 1 {
        return None;
    }
    let (name, end) = read_name(message, 12)?;
    let kind = u16::from_be_bytes([*message.get(end)?, *message.get(end + 1)?]);
    let question = message.get(12..end + 4)?;
    let name = name.to_ascii_lowercase();
    let address = names.get(&name);
    let data = match (address, kind) {
        (Some(IpAddr::V4(address)), TYPE_A | TYPE_ANY) => Some((TYPE_A, address.octets().to_vec())),
        (Some(IpAddr::V6(address)), TYPE_AAAA | TYPE_ANY) => Some((TYPE_AAAA, address.octets().to_vec())),
        _ => None,
    };
    let code: u16 = if names.exists(&name) { 0 } else { 3 };
    let mut reply = message.get(..2)?.to_vec();
    // An answer with authority, recursion available (resolvers of the C library look at it), the asker's RD kept.
    reply.extend((0x8480 | (flags & 0x0100) | code).to_be_bytes());
    reply.extend(1_u16.to_be_bytes());
    reply.extend(u16::from(data.is_some()).to_be_bytes());
    reply.extend([0; 4]);
    reply.extend(question);
    if let Some((kind, bytes)) = data {
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend(1_u16.to_be_bytes());
        reply.extend(SECONDS_TO_LIVE.to_be_bytes());
        reply.extend(u16::try_from(bytes.len()).ok()?.to_be_bytes());
        reply.extend(bytes);
    }
    Some(reply)
}

/// The name at `at` and where it ends. Questions are never compressed.
fn read_name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        if length > 63 {
            return None;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).into_owned());
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).expect("a short label"));
            message.extend(label.as_bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    #[test]
    fn a_known_name_has_its_address_and_an_unknown_one_does_not_exist() {
        let names = Names::new();
        names.set("pkgs.k8s.io", [10, 0, 0, 1].into());
        let reply = answer(&question("PKGS.k8s.io", TYPE_A), &names).expect("a reply");
        assert_eq!(reply[3] & 15, 0);
        assert_eq!(reply[7], 1);
        assert!(reply.ends_with(&[0, 4, 10, 0, 0, 1]));
        let none = answer(&question("pkgs.k8s.io", TYPE_AAAA), &names).expect("a reply");
        assert_eq!((none[3] & 15, none[7]), (0, 0));
        let parent = answer(&question("k8s.io", TYPE_A), &names).expect("a reply");
        assert_eq!((parent[3] & 15, parent[7]), (0, 0));
        let unknown = answer(&question("example.com", TYPE_A), &names).expect("a reply");
        assert_eq!((unknown[3] & 15, unknown[7]), (3, 0));
    }
}
