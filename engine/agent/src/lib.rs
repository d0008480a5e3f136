//! The target's side: runs module calls that arrive as frames on standard input, many at a time, on threads.
//!
//! An agent lives as long as its controller: when its input ends, or nothing is heard for the lease, it ends what it
//! started and then itself. Only background jobs (`async`) outlive it. There is no runtime in here, and nothing is
//! looked up through foreign name services.

mod context;
mod end;
mod entries;
mod files;
mod foreign;
mod job;
mod link;
mod panics;
mod serve;
mod session;
mod table;
mod work;

use std::time::Duration;

pub use context::{Attachments, Context, Modules};
pub use entries::Entries;

/// Be what the arguments behind `agent` say; the exit status.
///
/// Without arguments: serve on standard input and output. `--lease SECONDS` also ends after that much silence (0:
/// everything is in the input from the start, and calls end before the agent does),
/// `--terminal` stays with the terminal of whoever started the run, `session COMMAND` runs something that does not,
/// `--prove` names the content of the own program in the greeting, `--probe` only shows that the program runs. `job`
/// and `job-run` are the two steps into the background.
#[must_use]
pub fn main(modules: &'static dyn Modules, full: bool, args: &[String]) -> i32 {
    panics::remember();
    let mut options = serve::Options { full, ..serve::Options::default() };
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--probe" => return 0,
            "--prove" => options.prove = true,
            "--lease" => match words.next().and_then(|seconds| seconds.parse().ok()) {
                Some(0) => options.batch = true,
                Some(seconds) => options.lease = Some(Duration::from_secs(seconds)),
                None => return 2,
            },
            "--terminal" => options.terminal = true,
            "session" => return session::become_command(words),
            "job" => return job::detach(),
            "job-run" => return job::run(modules),
            _ => return 2,
        }
    }
    serve::serve(modules, &options)
}
