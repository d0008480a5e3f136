//! Names and connections of the network. Names are asked for by the system's `getent`, not in this process.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::{Command, Host, Result};

impl Host {
    /// The addresses of a name (or the address that it is), in the order in which they should be tried.
    ///
    /// # Errors
    /// When the call is ended, or there is no `getent`. A name that nobody knows has no address.
    pub fn resolve(&self, name: &str) -> Result<Vec<IpAddr>> {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Ok(vec![address]);
        }
        let own = self.read_text("/etc/hosts").ok().flatten().unwrap_or_default();
        let mut found: Vec<IpAddr> = own.lines().filter_map(|line| hosts_line(line, bare)).collect();
        if found.is_empty() {
            let said = self.query(&Command::new(["getent", "ahosts", bare]))?.stdout;
            found.extend(
                said.lines().filter_map(|line| line.split_whitespace().next()?.parse::<IpAddr>().ok()),
            );
        }
        let mut once = Vec::with_capacity(found.len());
        for address in found {
            if !once.contains(&address) {
                once.push(address);
            }
        }
        Ok(once)
    }

    /// A connection to the first address of a name that answers.
    ///
    /// # Errors
    /// When none does in time.
    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    pub fn connect(&self, name: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("Name or service not known: {name}"));
        for address in self.resolve(name).map_err(|failure| io::Error::other(failure.msg))? {
            match TcpStream::connect_timeout(&SocketAddr::new(address, port), timeout) {
                Ok(stream) => return Ok(stream),
                Err(e) => last = e,
            }
        }
        Err(last)
    }
}

fn hosts_line(line: &str, name: &str) -> Option<IpAddr> {
    let mut words = line.split('#').next()?.split_whitespace();
    let address = words.next()?.parse().ok()?;
    words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
}
