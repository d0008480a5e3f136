//! What a call gets from its agent, and who runs it.

use std::{
    io::{self, Cursor, Read},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, TryRecvError},
    },
};

use rustible_protocol::{Attachment, Blob, Call, Cancel, Reply, frame::Message};

use crate::link::Link;

/// The modules of a program.
pub trait Modules: Sync {
    /// Run a call to its end; `None` when there is no such module.
    fn run(&self, call: &Call, context: &Context) -> Option<Reply>;
}

/// What is particular to one call.
#[derive(Clone)]
pub struct Context {
    /// The call's end from outside. Whoever starts a process announces its group here.
    pub cancel: Cancel,
    /// Contents that came with the call.
    pub attachments: Arc<Attachments>,
}

/// Contents of the controller that belong to a call: inside it when they are small, asked for otherwise.
pub struct Attachments {
    known: Vec<Attachment>,
    remote: Option<Arc<Remote>>,
}

/// The way to ask.
pub(crate) struct Remote {
    pub(crate) exchange: u32,
    pub(crate) link: Arc<Link>,
    pub(crate) inbox: Mutex<Receiver<Message>>,
}

impl Attachments {
    /// Contents that are inside the call, and no way to ask for others.
    #[must_use]
    pub fn inline(known: Vec<Attachment>) -> Self {
        Self { known, remote: None }
    }

    pub(crate) fn asking(known: Vec<Attachment>, remote: Remote) -> Self {
        Self { known, remote: Some(Arc::new(remote)) }
    }

    /// What is known of an attachment without its content.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Attachment> {
        self.known.iter().find(|attachment| attachment.name == name)
    }

    /// A content from its beginning.
    ///
    /// # Errors
    /// When there is none of that name, or the controller cannot be asked.
    pub fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, format!("the call has no attachment {name}"));
        let attachment = self.find(name).ok_or_else(missing)?;
        if let Some(Blob(bytes)) = &attachment.content {
            return Ok(Box::new(Cursor::new(bytes.clone())));
        }
        let remote = self.remote.clone().ok_or_else(missing)?;
        remote.link.send(remote.exchange, &Message::Want(name.to_string()))?;
        Ok(Box::new(Pieces { remote, piece: Cursor::default(), ended: false }))
    }

    /// Every content put into the attachment itself, for a call that leaves this process.
    pub(crate) fn inlined(&self) -> io::Result<Vec<Attachment>> {
        let mut all = self.known.clone();
        for attachment in all.iter_mut().filter(|attachment| attachment.content.is_none()) {
            let mut bytes = Vec::new();
            self.open(&attachment.name)?.read_to_end(&mut bytes)?;
            attachment.content = Some(Blob(bytes));
        }
        Ok(all)
    }
}

/// A content that arrives piece by piece. Dropped early, the rest is passed over, so that the next one begins clean.
struct Pieces {
    remote: Arc<Remote>,
    piece: Cursor<Vec<u8>>,
    ended: bool,
}

impl Pieces {
    fn next(&mut self) -> io::Result<()> {
        let inbox = self.remote.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        match inbox.recv() {
            Ok(Message::Data(Blob(bytes))) => {
                self.ended = bytes.is_empty();
                self.piece = Cursor::new(bytes);
                Ok(())
            }
            Ok(Message::Error(text)) => {
                self.ended = true;
                Err(io::Error::other(text))
            }
            Ok(_) => {
                self.ended = true;
                Err(io::Error::other("the controller answered with something else than a content"))
            }
            Err(_) => {
                self.ended = true;
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the call was ended"))
            }
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let size = self.piece.read(out)?;
            if size > 0 || self.ended || out.is_empty() {
                return Ok(size);
            }
            self.next()?;
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        while !self.ended && self.next().is_ok() {}
        let inbox = self.remote.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        while !matches!(inbox.try_recv(), Err(TryRecvError::Empty | TryRecvError::Disconnected)) {}
    }
}
