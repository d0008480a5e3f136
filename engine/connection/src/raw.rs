//! A shell command of the target without the agent: for `raw`, which must work where nothing else does.

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{ConnectionError, Target, escalate::Watch, pool::Way, stream::Stream};

/// What a command left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit status; 128 + signal when it was killed.
    pub rc: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error, a password prompt of `become` taken away.
    pub stderr: Vec<u8>,
}

/// Run a command to its end. With `watch`, standard error is looked at for prompts until one was answered.
pub(crate) async fn run(
    (target, way): (&Target, &Way),
    command: &str,
    stdin: Option<&[u8]>,
    mut watch: Option<Watch<'_>>,
) -> Result<Output, ConnectionError> {
    let Stream { input, mut output, mut errors, exit, guard } = way.run(command).await?;
    let lost = |e: std::io::Error| ConnectionError::Lost(format!("The connection was lost: {e}"));
    let preamble = target.escalation.as_ref().is_some_and(|escalation| escalation.preamble);
    let mut result = Output { rc: -1, ..Output::default() };
    let mut piece = vec![0; 64 * 1024];
    // A prompt reads the same stream as the command; the command's input follows once rights were given.
    let mut waiting = watch.is_some();
    let mut input = Some(input);
    // Standard error up to here is the question for a password.
    let mut asked = 0;
    if !waiting {
        feed(input.take(), stdin);
    }
    let (mut more_output, mut more_errors) = (true, true);
    // Rights must be given within the time of a connection; the command may then take as long as it likes.
    let patience = tokio::time::sleep(target.timeout);
    tokio::pin!(patience);
    while more_output || more_errors {
        tokio::select! {
            () = &mut patience, if waiting => {
                let error = watch.as_ref().and_then(|watch| watch.impatient(target));
                return Err(error.unwrap_or_else(|| ConnectionError::Timeout("Timed out".to_string())));
            }
            size = output.read(&mut piece), if more_output => {
                let size = size.map_err(lost)?;
                more_output = size > 0;
                result.stdout.extend_from_slice(&piece[..size]);
                if waiting && cut_mark(&mut result.stdout, preamble) {
                    (waiting, watch) = (false, None);
                    if !preamble {
                        result.stderr.drain(..asked);
                    }
                    feed(input.take(), stdin);
                }
                let answer = watch.as_mut().map(|watch| watch.output(&result.stdout)).transpose()?.flatten();
                send(answer, input.as_mut()).await.map_err(lost)?;
            }
            text = errors.recv(), if more_errors => match text {
                None => more_errors = false,
                Some(text) => {
                    result.stderr.extend_from_slice(&text);
                    let answer = watch.as_mut().map(|watch| watch.errors(&text)).transpose()?.flatten();
                    if answer.is_some() {
                        asked = result.stderr.len();
                    }
                    send(answer, input.as_mut()).await.map_err(lost)?;
                }
            },
        }
    }
    let code = exit.await.map_err(|_| ConnectionError::Lost("The connection was lost".to_string()));
    drop(guard);
    if let Some(watch) = watch {
        return Err(watch.ended(&target.name, code.ok()));
    }
    result.rc = code?;
    Ok(result)
}

async fn send(
    answer: Option<String>,
    input: Option<&mut Box<dyn AsyncWrite + Send + Unpin>>,
) -> std::io::Result<()> {
    if let (Some(answer), Some(input)) = (answer, input) {
        input.write_all(answer.as_bytes()).await?;
        input.flush().await?;
    }
    Ok(())
}

/// What a command with other rights prints when it has got them.
pub(crate) const MARK: &str = "BECOME-SUCCESS-rustible";

/// Take out of the output all up to the mark, unless something is wanted that stands ahead of it; whether the mark is there.
fn cut_mark(output: &mut Vec<u8>, preamble: bool) -> bool {
    let mark = format!("{MARK}\n");
    let Some(at) = output.windows(mark.len()).position(|window| window == mark.as_bytes()) else {
        return false;
    };
    if !(preamble && at > 0) {
        output.drain(..at + mark.len());
    }
    true
}

/// Give the command its input and end it. One that ends early does not read it all; that is its own affair.
fn feed(input: Option<Box<dyn AsyncWrite + Send + Unpin>>, stdin: Option<&[u8]>) {
    let bytes = stdin.map(<[u8]>::to_vec).unwrap_or_default();
    if let Some(mut input) = input {
        tokio::spawn(async move {
            let _ = input.write_all(&bytes).await;
            let _ = input.shutdown().await;
        });
    }
}
