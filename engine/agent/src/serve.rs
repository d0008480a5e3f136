//! The agent's loop: read frames, start work, end when the controller is gone.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustible_protocol::{
    Call,
    cancel::Reason,
    frame::{Hello, MAGIC, Message, VERSION},
    hash,
};

use crate::{
    context::{Attachments, Context, Modules, Remote},
    files,
    link::{Incoming, Link, take_standard_streams},
    table::Table,
    work::{self, Clock},
};

/// How an agent is to serve.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) full: bool,
    /// Name the content of the own program.
    pub(crate) prove: bool,
    /// Stay with the terminal of whoever started the run.
    pub(crate) terminal: bool,
    /// What was called ends before the agent does, also when the input has ended.
    pub(crate) batch: bool,
    /// End after that much silence.
    pub(crate) lease: Option<Duration>,
}

/// What all threads share; lives as long as the process.
struct Server {
    modules: &'static dyn Modules,
    link: Arc<Link>,
    table: &'static Table,
    heard: Arc<Mutex<Instant>>,
}

/// Serve until the input ends or the lease does; the exit status.
pub(crate) fn serve(modules: &'static dyn Modules, options: &Options) -> i32 {
    // What tasks start must not read from the terminal of whoever started the run. Where this leads a session already,
    // there is none.
    if !options.terminal {
        let _ = rustix::process::setsid();
    }
    let Ok((link, incoming)) = take_standard_streams() else { return 1 };
    let link = Arc::new(link);
    let greeted = link.raw(MAGIC).and_then(|()| link.send(0, &Message::Hello(hello(options))));
    if greeted.is_err() {
        return 1;
    }
    let table: &'static Table = Box::leak(Box::default());
    let heard = Arc::new(Mutex::new(Instant::now()));
    let server = Server { modules, link, table, heard: heard.clone() };
    let (ended, end) = sync_channel(1);
    // The reader may be stuck in a read when the lease ends; it goes with the process.
    let reader = thread::Builder::new().spawn(move || {
        server.read(incoming);
        let _ = ended.send(());
    });
    if reader.is_err() {
        return 1;
    }
    let silence = || heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
    loop {
        let Some(lease) = options.lease else {
            let _ = end.recv();
            break;
        };
        match end.recv_timeout(lease.saturating_sub(silence()).max(Duration::from_millis(100))) {
            Err(RecvTimeoutError::Timeout) if silence() < lease => {}
            _ => break,
        }
    }
    if options.batch {
        table.ended();
    }
    table.close();
    0
}

fn hello(options: &Options) -> Hello {
    let own = || std::fs::read("/proc/self/exe").map(|bytes| hash::content(&bytes)).unwrap_or_default();
    Hello {
        version: VERSION,
        build: if options.prove { own() } else { String::new() },
        pid: std::process::id(),
        uid: rustix::process::geteuid().as_raw(),
        full: options.full,
    }
}

impl Server {
    /// Read until the end of the stream; a frame that cannot be read is its end too.
    fn read(&self, mut incoming: Incoming) {
        while let Ok(Some((exchange, message))) = incoming.next() {
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            match message {
                Message::Call(call) => self.call(exchange, *call),
                Message::Read(path) => self.read_file(exchange, path),
                Message::Write(path) => self.write_file(exchange, path),
                Message::Cancel => self.table.cancel(exchange, Reason::Cancelled),
                Message::Ping => self.say(exchange, &Message::Done),
                message @ (Message::Data(_) | Message::Error(_)) => self.table.deliver(exchange, message),
                Message::Hello(_) | Message::Reply(_) | Message::Want(_) | Message::Done => {
                    self.say(exchange, &Message::Error("this message is an agent's to send".to_string()));
                }
            }
        }
    }

    /// A controller that cannot be written to is gone, which the reader will see.
    fn say(&self, exchange: u32, message: &Message) {
        let _ = self.link.send(exchange, message);
    }

    fn start(&self, exchange: u32, work: impl FnOnce() + Send + 'static) {
        let table = self.table;
        let started = table.run(Box::new(move || {
            work();
            table.leave(exchange);
        }));
        if let Err(e) = started {
            table.leave(exchange);
            self.say(exchange, &Message::Error(format!("no thread can be started for the call: {e}")));
        }
    }

    fn call(&self, exchange: u32, call: Call) {
        let (cancel, inbox) = self.table.enter(exchange);
        let (modules, link) = (self.modules, self.link.clone());
        self.start(exchange, move || {
            let remote = Remote { exchange, link: link.clone(), inbox: Mutex::new(inbox) };
            let attachments = Arc::new(Attachments::asking(call.attachments.clone(), remote));
            let context = Context { cancel, attachments };
            let (late_link, timeout) = (link.clone(), call.timeout);
            let clock = Clock::start(u64::from(timeout), &context.cancel, move || {
                send_reply(&late_link, exchange, work::timed_out(timeout));
            });
            let reply = work::reply(modules, &call, &context);
            let wanted = clock.stop() && context.cancel.reason() != Some(Reason::Cancelled);
            if wanted {
                send_reply(&link, exchange, reply);
            }
        });
    }

    fn read_file(&self, exchange: u32, path: String) {
        let (cancel, _) = self.table.enter(exchange);
        let link = self.link.clone();
        self.start(exchange, move || {
            if let Err(e) = files::send(&link, exchange, &path, &cancel) {
                let _ = link.send(exchange, &Message::Error(format!("{path}: {e}")));
            }
        });
    }

    fn write_file(&self, exchange: u32, path: String) {
        let (_, inbox) = self.table.enter(exchange);
        let link = self.link.clone();
        self.start(exchange, move || {
            let answer = match files::receive(&path, &inbox) {
                Ok(()) => Message::Done,
                Err(e) => Message::Error(format!("{path}: {e}")),
            };
            let _ = link.send(exchange, &answer);
        });
    }
}

/// A result that is too large for a frame is a failure that says so.
fn send_reply(link: &Link, exchange: u32, reply: rustible_protocol::Reply) {
    if let Err(e) = link.send(exchange, &Message::Reply(Box::new(reply))) {
        let _ = link.send(
            exchange,
            &Message::Reply(Box::new(work::failed(&format!("The result cannot be sent: {e}")))),
        );
    }
}
