//! The asynchronous part of a command: until it is done or somebody ends it.

use std::sync::{Arc, atomic::Ordering};

use rustible_connection::{Pool, Stats};
use rustible_executor::Runner;
use rustible_output::{Display, Sink};
use rustible_source::Diagnostic;

use crate::{config::Config, exit::INTERRUPTED};

/// Do the work on a runtime of its own; the exit status, and whether a signal ended it.
pub(super) fn drive<F>(
    runner: &Arc<Runner>,
    config: &Config,
    display: &Display,
    work: F,
) -> Result<(u8, bool), Diagnostic>
where
    F: Future<Output = Result<i32, Diagnostic>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::new(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let stop = runner.stopper();
        let outcome = tokio::select! {
            outcome = work => outcome.map(|status| (u8::try_from(status).unwrap_or(1), false)),
            signal = interrupted() => {
                stop.store(true, Ordering::Relaxed);
                Ok((signal, true))
            }
        };
        runner.pool.shutdown().await;
        if config.flag("RUSTIBLE_STATS") {
            streams(&runner.pool, display);
        }
        outcome
    })
}

/// `RUSTIBLE_STATS`: a line for each stream, what went over it, to standard error.
fn streams(pool: &Pool, display: &Display) {
    for (name, user, stats) in pool.all_stats() {
        let user = user.map_or_else(String::new, |user| format!(" as {user}"));
        let Stats { sent, received, calls, connected } = stats;
        let line = format!(
            "{name}{user}: frames sent {sent}, received {received}, calls {calls}, connections {connected}"
        );
        display.show(Sink::Err, &line, None);
    }
}

/// Wait for a signal that ends the program; the status it ends with.
async fn interrupted() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => INTERRUPTED,
        _ = terminate.recv() => 143,
        _ = hangup.recv() => 129,
    }
}
