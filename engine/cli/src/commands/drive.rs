//! The asynchronous part of a command: until it is done or somebody ends it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rustible_connection::{Pool, Stats};
use rustible_executor::Runner;
use rustible_output::{Display, Sink};
use rustible_source::Diagnostic;

use crate::{config::Config, exit::INTERRUPTED};

/// Stack of each thread, in bytes: templates and data may be nested.
const STACK: usize = 16 << 20;
/// How long what is still at work may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Do the work on a runtime of its own; the exit status, and whether a signal ended it.
pub(super) fn drive<F>(
    runner: &Arc<Runner>,
    config: &Config,
    display: &Display,
    work: F,
) -> Result<(u8, bool), Diagnostic>
where
    F: Future<Output = Result<i32, Diagnostic>> + Send,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .map_err(|error| Diagnostic::new(format!("cannot start: {error}")))?;
    let ended = ends();
    let work = async {
        let stop = runner.stopper();
        let outcome = tokio::select! {
            outcome = work => outcome.map(|status| (u8::try_from(status).unwrap_or(1), false)),
            signal = ended => {
                stop.store(true, Ordering::Relaxed);
                Ok((signal, true))
            }
        };
        runner.pool.shutdown().await;
        if config.flag("RUSTIBLE_STATS") {
            streams(&runner.pool, display);
        }
        outcome
    };
    let outcome = with_stack(|| runtime.block_on(work))?;
    // A thread that is in the middle of something is not waited for.
    runtime.shutdown_timeout(PATIENCE);
    outcome
}

/// Run it in a thread that has as much stack as those of the runtime.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    std::thread::scope(|scope| {
        let failed = |error| Diagnostic::new(format!("cannot start: {error}"));
        let thread =
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).map_err(failed)?;
        thread.join().map_err(|panicked| std::panic::resume_unwind(panicked))
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

/// The status of the signal that ends the program. It is waited for on a thread of its own: the others may all be held up by
/// programs of lookups, which the signal ends.
fn ends() -> impl Future<Output = u8> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let status = runtime.block_on(interrupted());
        rustible_template::end_children();
        let _nobody = tell.send(status);
    });
    async {
        match told.await {
            Ok(status) => status,
            Err(_) => std::future::pending().await,
        }
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
