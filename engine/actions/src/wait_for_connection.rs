//! `ansible.builtin.wait_for_connection`: wait until the host can be reached.

use std::time::{Duration, Instant};

use rustible_executor::{Context, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::spec::{With, action, field, result, spec};

action!(
    WaitForConnection,
    Spec {
        check: CheckMode::None,
        ..spec(
            "ansible.builtin.wait_for_connection",
            "Wait until the host can be reached.",
            vec![
                field("connect_timeout", Kind::Int, "Seconds for each try.").or(5),
                field("delay", Kind::Int, "Seconds before the first try.").or(0),
                field("sleep", Kind::Int, "Seconds between tries.").or(1),
                field("timeout", Kind::Int, "Seconds for all tries.").or(600),
            ],
        )
    },
    strict = true,
    |context| wait(context).await
);

async fn wait(context: &mut Context<'_>) -> Result<Dict, Failure> {
    if context.check() {
        return Ok(result([("skipped", true.into())]));
    }
    let seconds = |name: &str, default: u64| {
        let given = context.args.get(name).and_then(Value::as_int);
        Duration::from_secs(given.and_then(|s| u64::try_from(s).ok()).unwrap_or(default))
    };
    let (delay, pause, limit) = (seconds("delay", 0), seconds("sleep", 1), seconds("timeout", 600));
    let mut target = context.target.clone();
    target.timeout = seconds("connect_timeout", 5);
    let started = Instant::now();
    tokio::time::sleep(delay).await;
    // The host may have been away: what is open may be dead.
    context.runner.pool.reset(&context.target).await;
    let last = reach(context, &target, started, pause, limit).await;
    let elapsed = i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX);
    match last {
        Ok(()) => Ok(result([("changed", false.into()), ("elapsed", elapsed.into())])),
        Err(error) => {
            let text = format!("timed out waiting for ping module test: {error}");
            Err(Failure::Result(result([("msg", text.into()), ("elapsed", elapsed.into())])))
        }
    }
}

/// Try until the host answers or the time is up; the last error.
pub(crate) async fn reach(
    context: &Context<'_>,
    target: &rustible_connection::Target,
    started: Instant,
    pause: Duration,
    limit: Duration,
) -> Result<(), String> {
    loop {
        let error = match context.runner.pool.ping(target).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        context.runner.pool.reset(target).await;
        if started.elapsed() + pause >= limit {
            return Err(error.to_string());
        }
        tokio::time::sleep(pause).await;
    }
}
