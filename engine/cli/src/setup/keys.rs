//! Single keys at the terminal: a pause that a person ends, continues or breaks off.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use rustible_executor::Pause;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

const INTERRUPT: u8 = 3;
const BACKSPACES: [u8; 2] = [8, 127];

/// The terminal with keys as they are pressed; as it was before when this goes away.
struct Keys {
    before: Termios,
    echo: bool,
}

impl Keys {
    fn new(echo: bool) -> Option<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok()?;
        let mut keys = before.clone();
        keys.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        // A read gives up after a tenth of a second, so that time can be looked at.
        keys.special_codes[SpecialCodeIndex::VMIN] = 0;
        keys.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(&stdin, OptionalActions::Now, &keys).ok()?;
        Some(Self { before, echo })
    }

    /// The next key; `None` when the time is up first. The end of the terminal counts as an interrupt.
    fn next(&self, deadline: Option<Instant>) -> Option<u8> {
        let mut key = [0u8];
        while deadline.is_none_or(|deadline| Instant::now() < deadline) {
            match rustix::io::read(std::io::stdin(), &mut key) {
                Ok(0) => {}
                Ok(_) => return Some(key[0]),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Some(INTERRUPT),
            }
        }
        None
    }

    fn show(&self, bytes: &[u8]) {
        if self.echo {
            say(bytes);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _restored = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

fn say(bytes: &[u8]) {
    let mut err = std::io::stderr();
    let _shown = err.write_all(bytes).and_then(|()| err.flush());
}

/// Wait for the end of a line, or with a limit for the time to pass; an interrupt asks whether to go on.
pub(super) fn pause(prompt: &str, echo: bool, limit: Option<Duration>) -> Pause {
    let Some(keys) = Keys::new(echo) else { return Pause::Nobody };
    say(format!("{prompt}\n").as_bytes());
    let deadline = limit.map(|limit| Instant::now() + limit);
    let mut typed = Vec::new();
    loop {
        match keys.next(deadline) {
            None => break,
            Some(INTERRUPT) => match goes_on(&keys) {
                true => break,
                false => return Pause::Aborted,
            },
            Some(b'\r' | b'\n') if limit.is_none() => break,
            Some(key) if BACKSPACES.contains(&key) => {
                if typed.pop().is_some() {
                    keys.show(b"\x08 \x08");
                }
            }
            Some(key) => {
                typed.push(key);
                keys.show(&[key]);
            }
        }
    }
    keys.show(b"\n");
    Pause::Typed(String::from_utf8_lossy(&typed).into_owned())
}

/// After an interrupt: whether the person wants the play to go on.
fn goes_on(keys: &Keys) -> bool {
    say(b"Press 'C' to continue the play or 'A' to abort \r\n");
    loop {
        match keys.next(None) {
            Some(b'c' | b'C') => return true,
            Some(b'a' | b'A' | INTERRUPT) => return false,
            _ => {}
        }
    }
}
