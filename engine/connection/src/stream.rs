//! What every transport gives: a started command's three streams and its end.

use std::{
    any::Any,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    process::Child,
    sync::{mpsc, oneshot},
};

/// A command that runs somewhere. Dropping it ends the command.
pub(crate) struct Stream {
    /// Its standard input; shutting it down ends it.
    pub(crate) input: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub(crate) output: Box<dyn AsyncRead + Send + Unpin>,
    /// Its standard error, as it comes.
    pub(crate) errors: mpsc::UnboundedReceiver<Bytes>,
    /// Its exit status; 128 + signal when it was killed, absent when the connection broke.
    pub(crate) exit: oneshot::Receiver<i32>,
    /// What must live as long as the command.
    pub(crate) guard: Box<dyn Any + Send + Sync>,
}

/// Bytes that arrive in pieces, read as one stream.
pub(crate) struct Pieces {
    incoming: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Pieces {
    /// A stream and the way to fill it; it ends when the sender is dropped.
    pub(crate) fn new(depth: usize) -> (mpsc::Sender<Bytes>, Self) {
        let (sender, incoming) = mpsc::channel(depth);
        (sender, Self { incoming, rest: Bytes::new() })
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(self.incoming.poll_recv(cx)) {
                Some(piece) => self.rest = piece,
                None => return Poll::Ready(Ok(())),
            }
        }
        let size = self.rest.len().min(out.remaining());
        out.put_slice(&self.rest[..size]);
        self.rest.advance(size);
        Poll::Ready(Ok(()))
    }
}

/// Bytes from anything readable, piece by piece, until it ends or nobody listens.
pub(crate) fn pump(mut from: impl AsyncRead + Send + Unpin + 'static) -> mpsc::UnboundedReceiver<Bytes> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut buffer = vec![0; 8192];
        while let Ok(size) = from.read(&mut buffer).await {
            if size == 0 || sender.send(Bytes::copy_from_slice(&buffer[..size])).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Processes of this machine that have not ended.
static CHILDREN: AtomicUsize = AtomicUsize::new(0);
/// How long a process has to end what it started once its input was closed.
const GRACE: Duration = Duration::from_secs(4);

/// One of them, also when the runtime ends before it.
struct Counted;

impl Counted {
    fn new() -> Self {
        CHILDREN.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        CHILDREN.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Wait until the processes of this machine have ended, whose streams were dropped just now.
pub(crate) async fn children_ended() {
    let end = Instant::now() + GRACE;
    while CHILDREN.load(Ordering::SeqCst) > 0 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The streams of a process of this machine (pipes on all three). It is killed when the stream is dropped.
pub(crate) fn of_child(mut child: Child) -> std::io::Result<Stream> {
    let missing = || std::io::Error::other("a pipe of the process is missing");
    let input = child.stdin.take().ok_or_else(missing)?;
    let output = child.stdout.take().ok_or_else(missing)?;
    let errors = pump(child.stderr.take().ok_or_else(missing)?);
    let (exited, exit) = oneshot::channel();
    let (guard, dropped) = oneshot::channel::<()>();
    let counted = Counted::new();
    tokio::spawn(async move {
        let status = tokio::select! {
            status = child.wait() => status.ok(),
            _ = dropped => end(&mut child).await,
        };
        drop(counted);
        if let Some(code) = status.and_then(code) {
            let _ = exited.send(code);
        }
    });
    Ok(Stream { input: Box::new(input), output: Box::new(output), errors, exit, guard: Box::new(guard) })
}

/// Give a process whose input was closed a moment to end by itself, then kill it.
async fn end(child: &mut Child) -> Option<std::process::ExitStatus> {
    if let Ok(status) = tokio::time::timeout(GRACE, child.wait()).await {
        return status.ok();
    }
    let _ = child.start_kill();
    child.wait().await.ok()
}

/// A process's exit status as a shell shows it.
pub(crate) fn code(status: std::process::ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal))
}
