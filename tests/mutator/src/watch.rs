//! Sees inputs that take too long or too much memory.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::shown;

/// No input may take longer.
const LONGEST: Duration = Duration::from_secs(60);
/// The process may not grow beyond, in KiB.
const LARGEST: u64 = 3 << 20;

struct Now {
    case: u64,
    input: Vec<u8>,
    since: Instant,
}

/// What is being tried, seen by a thread beside.
pub(crate) struct Watch {
    name: String,
    now: Arc<Mutex<Now>>,
    ended: Arc<AtomicBool>,
    keep: Option<PathBuf>,
}

impl Watch {
    pub(crate) fn begin(name: &str) -> Self {
        let now = Arc::new(Mutex::new(Now { case: 0, input: Vec::new(), since: Instant::now() }));
        let ended = Arc::new(AtomicBool::new(false));
        let (seen, over, name) = (now.clone(), ended.clone(), name.to_string());
        let told = name.clone();
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(200));
                let now = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if now.since.elapsed() > LONGEST && !over.load(Ordering::Relaxed) {
                    eprintln!("{told}: input {} takes too long\n{}", now.case, shown(&now.input));
                    process::exit(101);
                }
            }
        });
        let keep = env::var_os("RUSTIBLE_FUZZ_KEEP").map(PathBuf::from);
        Self { name, now, ended, keep }
    }

    pub(crate) fn look_at(&self, case: u64, input: &[u8]) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.case = case;
        now.input.clear();
        now.input.extend_from_slice(input);
        now.since = Instant::now();
        if let Some(file) = &self.keep {
            // What ends the whole process is read there.
            let _kept = fs::write(file, input);
        }
    }

    pub(crate) fn look_at_memory(&self, case: u64) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = most.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0);
        assert!(most < LARGEST, "{}: {most} KiB of memory were taken ahead of input {case}", self.name);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
