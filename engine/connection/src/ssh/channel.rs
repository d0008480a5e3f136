//! A command on an SSH connection as a plain stream.

use russh::{ChannelMsg, ChannelReadHalf, client::Handle};
use tokio::sync::{mpsc, oneshot};

use super::connect::Client;
use crate::{
    ConnectionError,
    stream::{Pieces, Stream},
};

/// Pieces of output that wait to be read before the server is told to wait.
const DEPTH: usize = 64;

/// Open a channel and start the command. Its refusal shows as a stream that ends at once.
pub(crate) async fn run(handle: &Handle<Client>, command: &str) -> Result<Stream, ConnectionError> {
    let refused = |e: russh::Error| match e {
        russh::Error::ChannelOpenFailure(why) => {
            ConnectionError::Unreachable(format!("the server opens no session: {why:?}"))
        }
        other => ConnectionError::Lost(format!("The connection was lost: {other}")),
    };
    let channel = handle.channel_open_session().await.map_err(refused)?;
    channel.exec(true, command).await.map_err(refused)?;
    let input = Box::new(channel.make_writer());
    let (read, write) = channel.split();
    let (output, pieces) = Pieces::new(DEPTH);
    let (errors, error_pieces) = mpsc::unbounded_channel();
    let (exited, exit) = oneshot::channel();
    let (guard, dropped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        tokio::select! {
            () = pump(read, output, errors, exited) => {}
            _ = dropped => {}
        }
        let _ = write.close().await;
    });
    Ok(Stream { input, output: Box::new(pieces), errors: error_pieces, exit, guard: Box::new(guard) })
}

async fn pump(
    mut channel: ChannelReadHalf,
    output: mpsc::Sender<bytes::Bytes>,
    errors: mpsc::UnboundedSender<bytes::Bytes>,
    exited: oneshot::Sender<i32>,
) {
    let mut code = None;
    // Nobody may be interested in one of the two streams any more; the other one goes on.
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => {
                let _ = output.send(data).await;
            }
            ChannelMsg::ExtendedData { data, ext: 1 } => {
                let _ = errors.send(data);
            }
            ChannelMsg::ExitStatus { exit_status } => code = i32::try_from(exit_status).ok(),
            ChannelMsg::ExitSignal { signal_name, error_message, .. } => {
                code = Some(128 + number(&signal_name));
                let _ = errors.send(error_message.into());
            }
            ChannelMsg::Failure => {
                let _ = errors.send("the server does not run commands\n".into());
                break;
            }
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    drop((output, errors));
    if let Some(code) = code {
        let _ = exited.send(code);
    }
}

fn number(signal: &russh::Sig) -> i32 {
    use russh::Sig;
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        _ => 15,
    }
}
