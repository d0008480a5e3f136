//! The stream to the controller: frames in, frames out.

use std::{
    fs::File,
    io::{self, Read, Write},
    sync::{Mutex, PoisonError},
};

use rustible_protocol::frame::{self, Message};

/// The writing side, shared by all threads.
pub(crate) struct Link {
    output: Mutex<File>,
}

/// The reading side.
pub(crate) struct Incoming {
    input: io::BufReader<File>,
    body: Vec<u8>,
}

/// Take standard input and output for frames alone: what anything else in this process reads is empty, and what it
/// prints goes to standard error.
pub(crate) fn take_standard_streams() -> io::Result<(Link, Incoming)> {
    let input = File::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?);
    let output = File::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    let incoming = Incoming { input: io::BufReader::with_capacity(128 * 1024, input), body: Vec::new() };
    Ok((Link { output: Mutex::new(output) }, incoming))
}

impl Link {
    /// Write bytes as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
    }

    /// Write a frame.
    pub(crate) fn send(&self, exchange: u32, message: &Message) -> io::Result<()> {
        self.raw(&frame::encode(exchange, message).map_err(io::Error::other)?)
    }
}

impl Incoming {
    /// Frames from somewhere else than standard input.
    pub(crate) fn of(input: File) -> Self {
        Self { input: io::BufReader::new(input), body: Vec::new() }
    }

    /// The next frame; `None` when the stream ended between two.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u32, Message)>> {
        let mut head = [0; 4];
        match self.input.read(&mut head[..1])? {
            0 => return Ok(None),
            _ => self.input.read_exact(&mut head[1..])?,
        }
        let length = frame::announced(head).map_err(io::Error::other)?;
        self.body.resize(length, 0);
        self.input.read_exact(&mut self.body)?;
        let frame = frame::decode(&self.body).map_err(io::Error::other)?;
        // A large frame is rare; its memory is not kept.
        if self.body.capacity() > 1024 * 1024 {
            self.body = Vec::new();
        }
        Ok(Some(frame))
    }
}
