//! Files of a target read and written as they are, for the controller's own work.

use rustible_protocol::{Blob, frame::Message};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::{
    ConnectionError,
    agent::Agent,
    call::{pieces, unexpected},
};

/// Copy a file of the target into `sink`; its size in bytes.
pub(crate) async fn read(
    agent: &Agent,
    path: &str,
    sink: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, ConnectionError> {
    let mut exchange = agent.open(&Message::Read(path.to_string())).await?;
    let mut size = 0;
    loop {
        match exchange.receive().await? {
            Message::Data(Blob(piece)) if piece.is_empty() => break,
            Message::Data(Blob(piece)) => {
                sink.write_all(&piece).await.map_err(|e| ConnectionError::Setup(e.to_string()))?;
                size += piece.len() as u64;
            }
            Message::Error(text) => {
                exchange.finish();
                return Err(ConnectionError::Protocol(text));
            }
            other => return Err(unexpected(&other)),
        }
    }
    exchange.finish();
    sink.flush().await.map_err(|e| ConnectionError::Setup(e.to_string()))?;
    Ok(size)
}

/// Write a file of the target (mode 0600, atomically) from `source`.
pub(crate) async fn write(
    agent: &Agent,
    path: &str,
    source: &mut (impl AsyncRead + Unpin),
) -> Result<(), ConnectionError> {
    let mut exchange = agent.open(&Message::Write(path.to_string())).await?;
    match pieces(&exchange, source).await? {
        Ok(()) => exchange.send(&Message::Data(Blob::default())).await?,
        // The exchange is dropped unfinished, which takes the half-written file away.
        Err(e) => return Err(ConnectionError::Setup(e.to_string())),
    }
    match exchange.receive().await? {
        Message::Done => {
            exchange.finish();
            Ok(())
        }
        Message::Error(text) => {
            exchange.finish();
            Err(ConnectionError::Protocol(text))
        }
        other => Err(unexpected(&other)),
    }
}
