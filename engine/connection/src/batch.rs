//! Calls over connection plugins, which run commands but have no lasting stream: everything the agent is told goes in
//! as the input of one command, everything it says comes out when the command has ended.

use std::{future::Future, pin::Pin};

use bytes::BytesMut;
use rustible_protocol::{
    Blob, Call, Reply, Value,
    frame::{self, CHUNK, Hello, MAX_FRAME, Message},
    json,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    ConnectionError, Output, SourceFile, Target,
    agent::Incoming,
    binary::{AgentBinary, Loaded},
    bootstrap::{self, First},
    call,
};

/// What somebody does who will have done it.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who runs connection plugins.
pub trait Doors: Send + Sync {
    /// Run a shell command on the target, as the user its escalation names.
    fn run<'a>(
        &'a self,
        target: &'a Target,
        command: &'a str,
        stdin: Option<&'a [u8]>,
    ) -> Doing<'a, Result<Output, ConnectionError>>;

    /// Close the target's connections.
    fn reset<'a>(&'a self, target: &'a Target) -> Doing<'a, ()>;
}

/// The number of the one exchange.
const ONLY: u32 = 1;

/// One target, reached by a plugin, and the program that is the agent there.
pub(crate) struct Batch<'a> {
    pub(crate) doors: &'a dyn Doors,
    pub(crate) target: &'a Target,
    pub(crate) binary: &'a AgentBinary,
}

/// What the command printed.
enum Said {
    Frames(Incoming),
    Need(String),
    Fail(usize, String),
    Other(Output),
}

impl Batch<'_> {
    /// Run a module.
    pub(crate) async fn call(&self, mut call: Call, files: &[SourceFile]) -> Result<Reply, ConnectionError> {
        for attachment in &mut call.attachments {
            call::inline(attachment, files, MAX_FRAME as u64).await?;
        }
        let mut incoming = match self.exchange(&[Message::Call(Box::new(call))]).await? {
            Ok(incoming) => incoming,
            // The plugin answers in the place of a module; so it does where modules print their results themselves.
            Err(output) => return self.spoken(&output),
        };
        loop {
            match self.next(&mut incoming).await? {
                Message::Reply(reply) => return Ok(*reply),
                Message::Hello(_) | Message::Want(_) => {}
                Message::Error(text) => return Err(ConnectionError::Protocol(text)),
                other => return Err(call::unexpected(&other)),
            }
        }
    }

    /// Who answers.
    pub(crate) async fn greet(&self) -> Result<Hello, ConnectionError> {
        match self.next(&mut self.frames(&[Message::Ping]).await?).await? {
            Message::Hello(hello) => Ok(hello),
            other => Err(call::unexpected(&other)),
        }
    }

    /// Copy a file of the target into `sink`; its size in bytes.
    pub(crate) async fn read(
        &self,
        path: &str,
        sink: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, ConnectionError> {
        let failed = |e: std::io::Error| ConnectionError::Setup(e.to_string());
        let mut incoming = self.frames(&[Message::Read(path.to_string())]).await?;
        let mut size = 0;
        loop {
            match self.next(&mut incoming).await? {
                Message::Hello(_) => {}
                Message::Data(Blob(piece)) if piece.is_empty() => break,
                Message::Data(Blob(piece)) => {
                    sink.write_all(&piece).await.map_err(failed)?;
                    size += piece.len() as u64;
                }
                Message::Error(text) => return Err(ConnectionError::Protocol(text)),
                other => return Err(call::unexpected(&other)),
            }
        }
        sink.flush().await.map_err(failed)?;
        Ok(size)
    }

    /// Write a file of the target (mode 0600, atomically) from `source`.
    pub(crate) async fn write(
        &self,
        path: &str,
        source: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), ConnectionError> {
        let mut content = Vec::new();
        source.read_to_end(&mut content).await.map_err(|e| ConnectionError::Setup(e.to_string()))?;
        let mut messages = vec![Message::Write(path.to_string())];
        messages.extend(content.chunks(CHUNK).map(|piece| Message::Data(Blob(piece.to_vec()))));
        messages.push(Message::Data(Blob::default()));
        let mut incoming = self.frames(&messages).await?;
        loop {
            match self.next(&mut incoming).await? {
                Message::Hello(_) => {}
                Message::Done => return Ok(()),
                Message::Error(text) => return Err(ConnectionError::Protocol(text)),
                other => return Err(call::unexpected(&other)),
            }
        }
    }

    async fn next(&self, incoming: &mut Incoming) -> Result<Message, ConnectionError> {
        let name = &self.target.name;
        match incoming.frame().await.map_err(|e| e.on(name))? {
            Some((_, message)) => Ok(message),
            None => Err(ConnectionError::Lost(format!("The agent on {name} ended without an answer"))),
        }
    }

    async fn frames(&self, messages: &[Message]) -> Result<Incoming, ConnectionError> {
        self.exchange(messages).await?.map_err(|output| self.not_started(&output))
    }

    /// Tell the agent these messages, after it was sent where it is missing. The inner error is what something else
    /// than an agent printed.
    async fn exchange(&self, messages: &[Message]) -> Result<Result<Incoming, Output>, ConnectionError> {
        let loaded = self.binary.load().map_err(ConnectionError::Setup)?;
        let mut input = Vec::new();
        for message in messages {
            let bytes = frame::encode(ONLY, message);
            let failed = |e| ConnectionError::Protocol(format!("The call cannot be sent: {e}"));
            input.extend(bytes.map_err(failed)?);
        }
        let all = bootstrap::folders(self.target);
        let mut from = 0;
        loop {
            let command = bootstrap::script(loaded, &all[from..], 0);
            let mut said = self.say(&command, &input).await?;
            if let Said::Need(how) = said {
                said = match self.say(&command, &upload(loaded, &how)?).await? {
                    // Some tools read further than they should: what was said first is said again.
                    Said::Frames(_) => self.say(&command, &input).await?,
                    other => other,
                };
            }
            match said {
                Said::Frames(incoming) => return Ok(Ok(incoming)),
                Said::Other(output) => return Ok(Err(output)),
                Said::Fail(number, _) if number > 0 && from + number < all.len() => from += number,
                Said::Fail(_, why) => return Err(self.refused(&why)),
                Said::Need(_) => return Err(self.refused("it does not stay there")),
            }
        }
    }

    async fn say(&self, command: &str, input: &[u8]) -> Result<Said, ConnectionError> {
        let output = self.doors.run(self.target, command, Some(input)).await?;
        let buffer = BytesMut::from(output.stdout.as_slice());
        let mut incoming = Incoming { output: Box::new(tokio::io::empty()), buffer };
        Ok(match bootstrap::recognise(&mut incoming) {
            Some(First::Agent) => Said::Frames(incoming),
            // What the script made of the frames, which it took for the upload, is of no interest.
            Some(First::Need(how)) => Said::Need(how),
            Some(First::Fail(number, why)) => Said::Fail(number, why),
            None => Said::Other(output),
        })
    }

    /// A module's result that the plugin gave.
    fn spoken(&self, output: &Output) -> Result<Reply, ConnectionError> {
        let text = String::from_utf8_lossy(&output.stdout);
        match json::read(text.trim()) {
            Ok(Value::Dict(result)) => Ok(Reply { result, ..Reply::default() }),
            _ => Err(self.not_started(output)),
        }
    }

    fn not_started(&self, output: &Output) -> ConnectionError {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_string();
        self.refused(&format!("the shell ended with status {}: {text}", output.rc))
    }

    fn refused(&self, why: &str) -> ConnectionError {
        ConnectionError::Bootstrap(format!("The agent cannot be started on {}: {why}", self.target.name))
    }
}

/// The program behind a line with its packed size.
fn upload(loaded: &Loaded, how: &str) -> Result<Vec<u8>, ConnectionError> {
    let packed = loaded.packed(how).map_err(|e| ConnectionError::Setup(e.to_string()))?;
    let mut bytes = format!("{}\n", packed.len()).into_bytes();
    bytes.extend_from_slice(packed);
    Ok(bytes)
}
