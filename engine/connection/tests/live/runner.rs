//! Runs tests one after the other and says what became of each.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::sshd;

type Body = Pin<Box<dyn Future<Output = ()>>>;

/// A test: its name is a sentence.
pub(crate) struct Test {
    name: &'static str,
    needs_sshd: bool,
    body: Box<dyn FnOnce() -> Body>,
}

/// A test that needs nothing.
pub(crate) fn test<F: Future<Output = ()> + 'static>(
    name: &'static str,
    body: impl FnOnce() -> F + 'static,
) -> Test {
    Test { name, needs_sshd: false, body: Box::new(move || Box::pin(body())) }
}

/// A test that needs root and `sshd`.
pub(crate) fn ssh_test<F: Future<Output = ()> + 'static>(
    name: &'static str,
    body: impl FnOnce() -> F + 'static,
) -> Test {
    Test { needs_sshd: true, ..test(name, body) }
}

/// Run those whose name has one of the words; all when there are none.
#[expect(clippy::print_stdout, reason = "a test program reports on standard output")]
pub(crate) fn run(tests: Vec<Test>, args: &[String]) -> ExitCode {
    let words: Vec<&String> = args.iter().filter(|word| !word.starts_with('-')).collect();
    if args.iter().any(|word| word == "--list") {
        for test in &tests {
            println!("{}: test", test.name.replace(' ', "_"));
        }
        return ExitCode::SUCCESS;
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for test in tests {
        let name = test.name.replace(' ', "_");
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let missing = test.needs_sshd.then(sshd::missing).flatten();
        if let Some(reason) = missing {
            println!("test {name} ... skipped: {reason}");
            skipped += 1;
            continue;
        }
        let began = Instant::now();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async { tokio::time::timeout(Duration::from_secs(90), (test.body)()).await })
        }));
        runtime.shutdown_timeout(Duration::from_secs(3));
        let took = began.elapsed().as_secs_f32();
        match result {
            Ok(Ok(())) => {
                println!("test {name} ... ok ({took:.2} s)");
                passed += 1;
            }
            Ok(Err(_)) => {
                println!("test {name} ... FAILED: it hangs");
                failed += 1;
            }
            Err(_) => {
                println!("test {name} ... FAILED ({took:.2} s)");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Print what comes out.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(crate) fn say(what: impl Future<Output = String>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{}", runtime.block_on(what));
    ExitCode::SUCCESS
}
