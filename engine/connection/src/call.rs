//! One call: out, attachments when the agent asks for them, and the answer.

use std::{path::PathBuf, sync::Arc};

use bytes::BufMut;
use rustible_protocol::{
    Attachment, Blob, Call, Reply,
    call::INLINE_LIMIT,
    frame::{CHUNK, Message},
};
use tokio::io::AsyncReadExt;

use crate::{
    ConnectionError,
    agent::{Agent, Exchange},
};

/// A content of this machine that a module may ask for.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The name in the call's [`Attachment`].
    pub name: String,
    /// Where the content is.
    pub content: Source,
}

/// Where a content is.
#[derive(Debug, Clone)]
pub enum Source {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a file of this machine.
    File(PathBuf),
}

impl SourceFile {
    /// A content in memory.
    #[must_use]
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), content: Source::Bytes(bytes.into()) }
    }

    /// A file of this machine.
    #[must_use]
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), content: Source::File(path.into()) }
    }
}

/// Run one call on this agent.
pub(crate) async fn run(
    agent: &Agent,
    mut call: Call,
    files: &[SourceFile],
) -> Result<Reply, ConnectionError> {
    // A foreign module's program is asked for when it is not there yet.
    if call.foreign.is_none() {
        for attachment in &mut call.attachments {
            inline(attachment, files, INLINE_LIMIT).await?;
        }
    }
    let mut exchange = agent.open(&Message::Call(Box::new(call))).await?;
    loop {
        match exchange.receive().await? {
            Message::Reply(reply) => {
                exchange.finish();
                return Ok(*reply);
            }
            Message::Want(name) => send(&exchange, &name, files).await?,
            Message::Error(text) => {
                exchange.finish();
                return Err(ConnectionError::Protocol(text));
            }
            other => return Err(unexpected(&other)),
        }
    }
}

/// Put a small content into the call, which saves the round trip of asking for it.
pub(crate) async fn inline(
    attachment: &mut Attachment,
    files: &[SourceFile],
    limit: u64,
) -> Result<(), ConnectionError> {
    if attachment.content.is_some() {
        return Ok(());
    }
    let Some(file) = files.iter().find(|file| file.name == attachment.name) else {
        return Err(ConnectionError::Setup(format!(
            "there is no content for the attachment {}",
            attachment.name
        )));
    };
    if attachment.size > limit {
        return Ok(());
    }
    let bytes = match &file.content {
        Source::Bytes(bytes) => bytes.to_vec(),
        Source::File(path) => {
            let failed = |e: std::io::Error| ConnectionError::Setup(format!("{}: {e}", path.display()));
            tokio::fs::read(path).await.map_err(failed)?
        }
    };
    if bytes.len() as u64 <= limit {
        attachment.content = Some(Blob(bytes));
    }
    Ok(())
}

/// Send the content of that name, an empty piece at its end.
async fn send(exchange: &Exchange, name: &str, files: &[SourceFile]) -> Result<(), ConnectionError> {
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return exchange.send(&Message::Error(format!("there is no attachment {name}"))).await;
    };
    match &file.content {
        Source::Bytes(bytes) => {
            for piece in bytes.chunks(CHUNK) {
                exchange.send(&Message::Data(Blob(piece.to_vec()))).await?;
            }
        }
        Source::File(path) => match tokio::fs::File::open(path).await {
            Ok(mut file) => {
                if let Err(e) = pieces(exchange, &mut file).await? {
                    return exchange.send(&Message::Error(format!("{}: {e}", path.display()))).await;
                }
            }
            Err(e) => return exchange.send(&Message::Error(format!("{}: {e}", path.display()))).await,
        },
    }
    exchange.send(&Message::Data(Blob::default())).await
}

/// Send everything a reader gives; the inner error is the reader's.
pub(crate) async fn pieces(
    exchange: &Exchange,
    from: &mut (impl tokio::io::AsyncRead + Unpin),
) -> Result<std::io::Result<()>, ConnectionError> {
    loop {
        let mut piece = Vec::with_capacity(CHUNK);
        while piece.len() < CHUNK {
            let left = CHUNK - piece.len();
            match from.read_buf(&mut (&mut piece).limit(left)).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => return Ok(Err(e)),
            }
        }
        if piece.is_empty() {
            return Ok(Ok(()));
        }
        exchange.send(&Message::Data(Blob(piece))).await?;
    }
}

/// A message that does not belong here.
pub(crate) fn unexpected(message: &Message) -> ConnectionError {
    let name = match message {
        Message::Hello(_) => "Hello",
        Message::Call(_) => "Call",
        Message::Reply(_) => "Reply",
        Message::Want(_) => "Want",
        Message::Data(_) => "Data",
        Message::Read(_) => "Read",
        Message::Write(_) => "Write",
        Message::Done => "Done",
        Message::Error(_) => "Error",
        Message::Cancel => "Cancel",
        Message::Ping => "Ping",
    };
    ConnectionError::Protocol(format!("the agent sent {name} where it has no meaning"))
}
