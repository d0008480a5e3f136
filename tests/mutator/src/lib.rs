//! Tests that nothing breaks a reader: many inputs, each some sample changed at random, none of which may panic, hang or
//! take all memory.
//!
//! `RUSTIBLE_FUZZ_CASES` is how many inputs each test tries (by default few, for seconds), `RUSTIBLE_FUZZ_SEED` which ones,
//! `RUSTIBLE_FUZZ_FROM` the number of the first. An input depends on the seed and its number alone, so what failed can be
//! tried again by its number. `RUSTIBLE_FUZZ_KEEP` names a file that holds the input being tried: what ends the whole process
//! is found there.

#![expect(clippy::panic, clippy::print_stderr, reason = "this is part of tests: what goes wrong fails them")]

mod chance;
mod change;
mod samples;
mod watch;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use chance::Chance;
use change::Changes;
pub use samples::{samples, texts};
use watch::Watch;

/// Inputs of a test when nobody says how many.
const FEW: u64 = 1500;
/// How often memory is looked at.
const LOOK: u64 = 512;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs `check` with changed samples, as many as asked for. `words` are what the language consists of: they are put in at
/// random places.
///
/// # Panics
/// When `check` does; the message says which input it was.
pub fn inputs(name: &str, samples: &[Vec<u8>], words: &[&str], check: impl Fn(&[u8]) + Sync) {
    assert!(!samples.is_empty(), "{name} has no samples");
    let (seed, from) = (number("RUSTIBLE_FUZZ_SEED", 1), number("RUSTIBLE_FUZZ_FROM", 0));
    let changes = Changes { samples, words };
    let watch = Watch::begin(name);
    in_engine_stack(|| {
        for case in from..from + number("RUSTIBLE_FUZZ_CASES", FEW) {
            let input = changes.input(&mut Chance::new(seed, case));
            watch.look_at(case, &input);
            if let Err(panicked) = catch_unwind(AssertUnwindSafe(|| check(&input))) {
                eprintln!("{name}: input {case} (seed {seed}) is\n{}", shown(&input));
                resume_unwind(panicked);
            }
            if case % LOOK == 0 {
                watch.look_at_memory(case);
            }
        }
    });
}

/// [`inputs`] for readers of text: what is no UTF-8 is replaced.
pub fn text_inputs(name: &str, samples: &[Vec<u8>], words: &[&str], check: impl Fn(&str) + Sync) {
    inputs(name, samples, words, |input| check(&String::from_utf8_lossy(input)));
}

/// Runs `check` in a thread with as much stack as the engine's own have.
///
/// # Panics
/// When `check` does.
pub fn in_engine_stack(check: impl FnOnce() + Send) {
    const STACK: usize = 16 << 20;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, check);
        let Ok(thread) = thread else { panic!("no thread") };
        if let Err(panicked) = thread.join() {
            resume_unwind(panicked);
        }
    });
}

fn shown(input: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(input))
}
