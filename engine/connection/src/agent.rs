//! A running agent seen from here: exchanges over one stream, and its pulse.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::BytesMut;
use rustible_protocol::frame::{self, Hello, Message};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::JoinHandle,
};

use crate::{ConnectionError, stream::Stream};

/// Frames that wait for one exchange before the stream is no longer read.
const INBOX: usize = 256;
/// Frames that wait to be written.
const OUTBOX: usize = 64;
/// How often a silent agent is asked whether it is there.
const PULSE: Duration = Duration::from_secs(15);
/// Frames above this size in bytes carry contents.
const CONTENT: usize = 16 * 1024;
/// Silence after which it is given up; the default of `ssh`'s `ServerAlive` settings in our use, 3 times 15 s.
const SILENCE: Duration = Duration::from_secs(45);

/// How many frames went over a stream, pulse apart.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) connected: AtomicU64,
}

/// The stream's reading side before and after the agent's greeting.
pub(crate) struct Incoming {
    pub(crate) output: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) buffer: BytesMut,
}

/// One agent. Dropping it closes its stream, which ends it and what it started.
pub(crate) struct Agent {
    pub(crate) hello: Hello,
    state: Arc<State>,
    outgoing: mpsc::Sender<Vec<u8>>,
    next: AtomicU32,
    tasks: Vec<JoinHandle<()>>,
}

struct State {
    inner: Mutex<Inner>,
    counters: Arc<Counters>,
    name: String,
}

struct Inner {
    exchanges: HashMap<u32, mpsc::Sender<Message>>,
    /// Why there will be no more answers.
    ended: Option<ConnectionError>,
    heard: Instant,
    /// When bytes were last taken from us: a slow line that carries a large content is not a dead one.
    written: Instant,
}

/// One call or transfer. Dropping it before its end cancels it on the other side.
pub(crate) struct Exchange {
    id: u32,
    inbox: mpsc::Receiver<Message>,
    outgoing: mpsc::Sender<Vec<u8>>,
    state: Arc<State>,
    finished: bool,
}

impl Agent {
    /// Take over a stream whose agent has greeted.
    pub(crate) fn start(
        name: &str,
        hello: Hello,
        incoming: Incoming,
        stream: (Box<dyn AsyncWrite + Send + Unpin>, Box<dyn std::any::Any + Send + Sync>),
        counters: Arc<Counters>,
    ) -> Self {
        let inner =
            Inner { exchanges: HashMap::new(), ended: None, heard: Instant::now(), written: Instant::now() };
        let state = Arc::new(State { inner: Mutex::new(inner), counters, name: name.to_string() });
        state.counters.connected.fetch_add(1, Ordering::Relaxed);
        let (outgoing, queue) = mpsc::channel(OUTBOX);
        let (input, guard) = stream;
        let tasks = vec![
            tokio::spawn(write(input, queue, state.clone(), guard)),
            tokio::spawn(read(incoming, state.clone())),
            tokio::spawn(pulse(outgoing.clone(), state.clone())),
        ];
        Self { hello, state, outgoing, next: AtomicU32::new(1), tasks }
    }

    /// Whether no answer can come any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().ended.is_some()
    }

    /// Whether it was given up because nothing came from it.
    pub(crate) fn is_frozen(&self) -> bool {
        matches!(self.state.lock().ended, Some(ConnectionError::Timeout(_)))
    }

    /// How long nothing has come from it.
    pub(crate) fn silent_for(&self) -> Duration {
        self.state.lock().heard.elapsed()
    }

    /// Begin an exchange with this message.
    ///
    /// # Errors
    /// [`ConnectionError::Lost`] when the stream has ended; nothing was sent then.
    pub(crate) async fn open(&self, message: &Message) -> Result<Exchange, ConnectionError> {
        let bytes = frame_bytes(0, message)?;
        let (sender, inbox) = mpsc::channel(INBOX);
        let id = loop {
            let id = self.next.fetch_add(1, Ordering::Relaxed);
            let mut inner = self.state.lock();
            if let Some(ended) = &inner.ended {
                return Err(ended.clone());
            }
            // After four billion exchanges numbers come again; one that is still in use is skipped, and so is 0.
            if id != 0 && !inner.exchanges.contains_key(&id) {
                inner.exchanges.insert(id, sender);
                break id;
            }
        };
        let (outgoing, state) = (self.outgoing.clone(), self.state.clone());
        let exchange = Exchange { id, inbox, outgoing, state, finished: false };
        exchange.send_bytes(bytes).await?;
        Ok(exchange)
    }

    /// Ask whether it is there.
    pub(crate) async fn ping(&self, patience: Duration) -> Result<(), ConnectionError> {
        let answer = async {
            let mut exchange = self.open(&Message::Ping).await?;
            exchange.receive().await.map(|_| exchange.finish())
        };
        match tokio::time::timeout(patience, answer).await {
            Ok(result) => result,
            Err(_) => {
                let error = ConnectionError::Timeout(format!(
                    "No answer from {} for {} seconds; the connection is given up",
                    self.state.name,
                    patience.as_secs()
                ));
                self.state.end(error.clone());
                Err(error)
            }
        }
    }

    /// End it: its input is closed, so that it ends what it started and then itself.
    pub(crate) fn close(&self) {
        self.state.end(ConnectionError::Lost(format!("The connection to {} was closed", self.state.name)));
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.close();
    }
}

impl Exchange {
    /// Send another message of this exchange.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), ConnectionError> {
        self.send_bytes(frame_bytes(self.id, message)?).await
    }

    async fn send_bytes(&self, mut bytes: Vec<u8>) -> Result<(), ConnectionError> {
        bytes[4..8].copy_from_slice(&self.id.to_be_bytes());
        if self.outgoing.send(bytes).await.is_err() {
            return Err(self.state.why());
        }
        self.state.counters.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The next message of this exchange.
    ///
    /// # Errors
    /// When the stream ends first.
    pub(crate) async fn receive(&mut self) -> Result<Message, ConnectionError> {
        match self.inbox.recv().await {
            Some(message) => {
                self.state.counters.received.fetch_add(1, Ordering::Relaxed);
                Ok(message)
            }
            None => {
                self.finished = true;
                Err(self.state.why())
            }
        }
    }

    /// The exchange is over on the other side too.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.state.lock().exchanges.remove(&self.id);
        if !self.finished
            && let Ok(bytes) = frame::encode(self.id, &Message::Cancel)
            && let Err(mpsc::error::TrySendError::Full(bytes)) = self.outgoing.try_send(bytes)
        {
            let outgoing = self.outgoing.clone();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { outgoing.send(bytes).await });
            }
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more answers: everyone who waits learns why.
    fn end(&self, why: ConnectionError) {
        let mut inner = self.lock();
        inner.ended.get_or_insert(why);
        inner.exchanges.clear();
    }

    fn why(&self) -> ConnectionError {
        let unknown = || ConnectionError::Lost(format!("The connection to {} was lost", self.name));
        self.lock().ended.clone().unwrap_or_else(unknown)
    }
}

fn frame_bytes(id: u32, message: &Message) -> Result<Vec<u8>, ConnectionError> {
    frame::encode(id, message).map_err(|e| ConnectionError::Protocol(format!("The call cannot be sent: {e}")))
}

async fn write(
    mut input: Box<dyn AsyncWrite + Send + Unpin>,
    mut queue: mpsc::Receiver<Vec<u8>>,
    state: Arc<State>,
    guard: Box<dyn std::any::Any + Send + Sync>,
) {
    while let Some(bytes) = queue.recv().await {
        let written = async {
            let mut next = Some(bytes);
            while let Some(bytes) = next {
                input.write_all(&bytes).await?;
                // Only contents tell that the line takes something; a question whether the agent is there must not.
                if bytes.len() > CONTENT {
                    state.lock().written = Instant::now();
                }
                next = queue.try_recv().ok();
            }
            input.flush().await
        };
        if let Err(e) = written.await {
            state.end(ConnectionError::Lost(format!("The connection to {} was lost: {e}", state.name)));
            break;
        }
    }
    drop((input, guard));
}

async fn read(mut incoming: Incoming, state: Arc<State>) {
    let why = loop {
        match incoming.frame().await {
            Ok(Some((id, message))) => {
                let sender = {
                    let mut inner = state.lock();
                    inner.heard = Instant::now();
                    inner.exchanges.get(&id).cloned()
                };
                // An exchange that nobody follows any more was cancelled; its rest is of no interest.
                if let Some(sender) = sender {
                    let _ = sender.send(message).await;
                }
            }
            Ok(None) => break ConnectionError::Lost(format!("The connection to {} was lost", state.name)),
            Err(e) => break e.on(&state.name),
        }
    };
    state.end(why);
}

async fn pulse(outgoing: mpsc::Sender<Vec<u8>>, state: Arc<State>) {
    loop {
        tokio::time::sleep(PULSE).await;
        let (silence, ended) = {
            let inner = state.lock();
            (inner.heard.elapsed().min(inner.written.elapsed()), inner.ended.is_some())
        };
        if ended {
            return;
        }
        if silence >= SILENCE {
            state.end(ConnectionError::Timeout(format!(
                "No answer from {} for {} seconds; the connection is given up",
                state.name,
                silence.as_secs()
            )));
            return;
        }
        // Also when it was heard just now: the agent has a clock of its own. A full queue means that bytes are on
        // their way; the pulse may wait then.
        if let Ok(bytes) = frame::encode(0, &Message::Ping) {
            let _ = outgoing.try_send(bytes);
        }
    }
}

/// Why no frame could be read.
pub(crate) enum ReadError {
    Io(std::io::Error),
    Frame(frame::FrameError),
}

impl ReadError {
    pub(crate) fn on(self, name: &str) -> ConnectionError {
        match self {
            Self::Io(e) => ConnectionError::Lost(format!("The connection to {name} was lost: {e}")),
            Self::Frame(e) => {
                ConnectionError::Protocol(format!("The agent on {name} sent what is not understood: {e}"))
            }
        }
    }
}

impl Incoming {
    /// More bytes into the buffer; `false` at the end.
    pub(crate) async fn fill(&mut self) -> std::io::Result<bool> {
        self.buffer.reserve(64 * 1024);
        Ok(self.output.read_buf(&mut self.buffer).await? > 0)
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Result<Option<(u32, Message)>, ReadError> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<4>() {
                let length = frame::announced(*head).map_err(ReadError::Frame)?;
                if let Some(body) = self.buffer.get(4..4 + length) {
                    let message = frame::decode(body).map_err(ReadError::Frame)?;
                    let _ = self.buffer.split_to(4 + length);
                    return Ok(Some(message));
                }
                self.buffer.reserve(4 + length - self.buffer.len());
            }
            if !self.fill().await.map_err(ReadError::Io)? {
                return Ok(None);
            }
        }
    }
}

/// What a started command is once its greeting was read.
pub(crate) fn split(stream: Stream) -> (Incoming, Box<dyn AsyncWrite + Send + Unpin>, Tail) {
    let incoming = Incoming { output: stream.output, buffer: BytesMut::new() };
    (incoming, stream.input, Tail { errors: stream.errors, exit: stream.exit, guard: stream.guard })
}

/// The rest of a stream.
pub(crate) struct Tail {
    pub(crate) errors: mpsc::UnboundedReceiver<bytes::Bytes>,
    pub(crate) exit: tokio::sync::oneshot::Receiver<i32>,
    pub(crate) guard: Box<dyn std::any::Any + Send + Sync>,
}
