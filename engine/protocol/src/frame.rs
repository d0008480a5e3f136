//! Messages between controller and agent, and how they are cut out of a byte stream.
//!
//! A frame is its length (4 bytes, big endian, of what follows), the exchange's number (4 bytes, big endian) and a
//! MessagePack message. Many exchanges are in flight on one stream; frames of one exchange keep their order.

use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Reply},
    wire::Blob,
};

/// Version of this protocol; both ends must have the same.
pub const VERSION: u32 = 1;
/// Largest frame in bytes; a longer one ends the connection.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;
/// Size of the pieces in which contents travel, in bytes.
pub const CHUNK: usize = 128 * 1024;
/// What an agent writes before its first frame, so that a login banner in front of it can be skipped.
pub const MAGIC: &[u8] = b"\nRUSTIBLE-AGENT-1\n";

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Message {
    /// The agent's first message, exchange 0.
    Hello(Hello),
    /// Controller: run a module.
    Call(Box<Call>),
    /// Agent: the call's result; ends the exchange.
    Reply(Box<Reply>),
    /// Agent: send the content of the call's attachment with that name.
    Want(String),
    /// Either: a piece of content; an empty piece ends it.
    Data(Blob),
    /// Controller: read a file of the target; `Data` follows, or `Error`.
    Read(String),
    /// Controller: write a file of the target (mode 0600, atomically); `Data` follows from the controller, then `Done` or `Error`.
    Write(String),
    /// The exchange succeeded and has no result.
    Done,
    /// The exchange failed; the text is for people.
    Error(String),
    /// Controller: end the call of this exchange and what it started.
    Cancel,
    /// Either: are you there? Answered with `Done`.
    Ping,
}

/// Who the agent is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the agent.
    pub version: u32,
    /// Content hash of the agent's binary.
    pub build: String,
    /// Its process id.
    pub pid: u32,
    /// Effective user id it runs under.
    pub uid: u32,
    /// Whether it has every module (`true`) or only those of the lean build.
    pub full: bool,
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The announced length is beyond [`MAX_FRAME`] or below the header.
    #[error("frame of {0} bytes is out of bounds")]
    Length(usize),
    /// The message is not one of ours.
    #[error("message cannot be read: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
    /// The message cannot be written.
    #[error("message cannot be written: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
}

/// A frame's bytes, ready to send.
///
/// # Errors
/// When the message is longer than [`MAX_FRAME`] or cannot be encoded.
pub fn encode(exchange: u32, message: &Message) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; 8];
    rmp_serde::encode::write_named(&mut bytes, message)?;
    let length = bytes.len() - 4;
    if length > MAX_FRAME {
        return Err(FrameError::Length(length));
    }
    let head = u32::try_from(length).map_err(|_| FrameError::Length(length))?;
    bytes[..4].copy_from_slice(&head.to_be_bytes());
    bytes[4..8].copy_from_slice(&exchange.to_be_bytes());
    Ok(bytes)
}

/// The length that a frame's first four bytes announce.
///
/// # Errors
/// When it is out of bounds.
pub fn announced(head: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(head) as usize;
    if (5..=MAX_FRAME).contains(&length) { Ok(length) } else { Err(FrameError::Length(length)) }
}

/// Exchange and message of a frame's bytes behind the length.
///
/// # Errors
/// When the message cannot be decoded.
pub fn decode(body: &[u8]) -> Result<(u32, Message), FrameError> {
    let Some((head, rest)) = body.split_first_chunk::<4>() else {
        return Err(FrameError::Length(body.len()));
    };
    Ok((u32::from_be_bytes(*head), rmp_serde::from_slice(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Dict, Value};

    #[test]
    fn a_call_survives_the_trip_with_every_kind_of_value() {
        let big = Value::big("123456789012345678901234567890".parse().unwrap());
        let args: Dict = [
            ("null", Value::Null),
            ("big", big.clone()),
            ("list", Value::List(vec![Value::Int(-1), Value::Float(0.5), Value::str("ü")].into())),
        ]
        .into_iter()
        .collect();
        let mut call = Call { module: "a.b.c".into(), args: args.clone(), ..Call::default() };
        call.args.insert(Value::Int(1), Value::Bool(true));
        let bytes = encode(7, &Message::Call(Box::new(call))).unwrap();
        assert_eq!(announced(bytes[..4].try_into().unwrap()).unwrap(), bytes.len() - 4);
        let (exchange, Message::Call(back)) = decode(&bytes[4..]).unwrap() else { panic!("not a call") };
        assert_eq!((exchange, back.args.get("big"), back.args.len()), (7, Some(&big), 4));
        assert_eq!(back.args.get_value(&Value::Int(1)), Some(&Value::Bool(true)));
    }

    #[test]
    fn a_length_out_of_bounds_is_refused() {
        assert!(announced([0xff; 4]).is_err());
        assert!(announced([0, 0, 0, 1]).is_err());
        assert!(decode(&[0, 0, 0, 1, 0xc1]).is_err());
    }
}
