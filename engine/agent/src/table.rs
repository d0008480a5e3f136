//! What runs now, by exchange.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustible_protocol::{Cancel, cancel::Reason, frame::Message};

use crate::end;

/// Messages that may wait for one exchange before the stream is no longer read.
const INBOX: usize = 64;
/// Exchanges that run at the same time; more wait their turn.
const THREADS: usize = 256;
/// Stack of a thread in bytes: templates and patterns of users may nest.
const STACK: usize = 8 * 1024 * 1024;

/// How long a thread without work stays: starting one costs as much as a small call.
const REST: Duration = Duration::from_secs(20);

/// How often it is looked whether the last call has ended.
const TURN: Duration = Duration::from_millis(2);

type Work = Box<dyn FnOnce() + Send>;

/// Everything that runs or waits.
#[derive(Default)]
pub(crate) struct Table {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    running: HashMap<u32, Entry>,
    threads: usize,
    /// Threads that wait for work.
    resting: usize,
    waiting: VecDeque<Work>,
    closed: bool,
}

struct Entry {
    cancel: Cancel,
    inbox: SyncSender<Message>,
}

impl Table {
    /// Note an exchange; its token and the messages that come for it.
    pub(crate) fn enter(&self, exchange: u32) -> (Cancel, Receiver<Message>) {
        let (inbox, receiver) = sync_channel(INBOX);
        let cancel = Cancel::default();
        let mut state = self.lock();
        if state.closed {
            let _ = cancel.cancel(Reason::Cancelled);
        }
        state.running.insert(exchange, Entry { cancel: cancel.clone(), inbox });
        (cancel, receiver)
    }

    /// Forget an exchange.
    pub(crate) fn leave(&self, exchange: u32) {
        self.lock().running.remove(&exchange);
    }

    /// Do this on a thread: one that rests, a new one, or the first that gets free.
    pub(crate) fn run(&'static self, work: Work) -> std::io::Result<()> {
        {
            let mut state = self.lock();
            if state.resting > state.waiting.len() || state.threads >= THREADS {
                state.waiting.push_back(work);
                drop(state);
                self.wake.notify_one();
                return Ok(());
            }
            state.threads += 1;
        }
        let worker = move || {
            let mut next = Some(work);
            while let Some(work) = next {
                work();
                next = self.next();
            }
        };
        let started = thread::Builder::new().stack_size(STACK).spawn(worker);
        if started.is_err() {
            self.lock().threads -= 1;
        }
        started.map(drop)
    }

    /// The next work of a thread that has none; nothing when it rested long enough.
    fn next(&self) -> Option<Work> {
        let end = Instant::now() + REST;
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.threads -= 1;
                return None;
            }
            state.resting += 1;
            state = self.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.resting -= 1;
        }
    }

    /// Hand a message to its exchange; one that has ended wants nothing any more.
    pub(crate) fn deliver(&self, exchange: u32, message: Message) {
        let inbox = self.lock().running.get(&exchange).map(|entry| entry.inbox.clone());
        if let Some(inbox) = inbox {
            let _ = inbox.send(message);
        }
    }

    /// End an exchange and what it started.
    pub(crate) fn cancel(&self, exchange: u32, reason: Reason) {
        let entry = self.lock().running.get_mut(&exchange).map(|entry| {
            // Whoever waits for messages learns that none will come.
            entry.inbox = sync_channel(0).0;
            entry.cancel.clone()
        });
        if let Some(cancel) = entry {
            let groups = cancel.cancel(reason);
            end::later(cancel, groups);
        }
    }

    /// No more messages will come: wait for everything that runs.
    pub(crate) fn ended(&self) {
        for entry in self.lock().running.values_mut() {
            entry.inbox = sync_channel(0).0;
        }
        while !self.lock().running.is_empty() {
            thread::sleep(TURN);
        }
    }

    /// End everything and wait a little for it.
    pub(crate) fn close(&self) {
        let tokens: Vec<Cancel> = {
            let mut state = self.lock();
            state.closed = true;
            state.waiting.clear();
            let tokens = state.running.values().map(|entry| entry.cancel.clone()).collect();
            for entry in state.running.values_mut() {
                entry.inbox = sync_channel(0).0;
            }
            tokens
        };
        for token in &tokens {
            let _ = token.cancel(Reason::Cancelled);
        }
        end::now(&tokens, || self.lock().running.is_empty());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
