//! The Python process: started once when it is first needed, many requests under way at the same time.

use std::{
    collections::HashMap,
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use rustible_protocol::{Dict, Value, json};
use rustible_source::Diagnostic;

use crate::{sources, wire};

/// Something that plugins show: how (`warning`, `display`, `verbose` ...), and the rest of what they said of it.
pub type Say = Arc<dyn Fn(&str, &Dict) + Send + Sync>;

/// Longest frame that is taken, in bytes.
const LONGEST: usize = 1 << 30;

/// What comes back while a request is under way.
#[derive(Debug)]
pub enum Message {
    /// The plugin wants to know or to have done something: what, and with what. It waits for [`Request::answer`].
    Ask(String, Vec<Value>),
    /// The result.
    Done(Value),
    /// An exception.
    Failed(Failed),
}

/// An exception of a plugin.
#[derive(Debug, Clone, Default)]
pub struct Failed {
    /// Its text and those of its causes, outermost first.
    pub messages: Vec<String>,
    /// The names of its class and of those it is derived from.
    pub kinds: Vec<String>,
    /// Python's account of where it happened.
    pub traceback: String,
    /// The result that it carries.
    pub result: Option<Dict>,
}

impl Failed {
    /// A failure that has only a text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { messages: vec![message.into()], ..Self::default() }
    }
    /// Whether the exception is of that class.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.kinds.iter().any(|each| each == kind)
    }
    /// Text and causes in one.
    #[must_use]
    pub fn summary(&self) -> String {
        let last = self.messages.len().saturating_sub(1);
        let part = |(at, text): (usize, &String)| {
            if at < last { text.trim_end_matches('.').to_string() } else { text.clone() }
        };
        self.messages.iter().enumerate().map(part).collect::<Vec<_>>().join(": ")
    }
    /// As an error with its causes.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new(self.summary())
    }
}

/// Answers what a plugin asks.
pub type Answers<'a> = dyn FnMut(&str, Vec<Value>) -> Result<Value, Answer> + 'a;

type Sink = Box<dyn Fn(Message) + Send>;

struct Process {
    input: Mutex<ChildStdin>,
    waiting: Arc<Mutex<Waiting>>,
    next: AtomicU64,
    // Kept so that it is not taken for finished; it ends when its input is closed.
    _child: Child,
}

#[derive(Default)]
struct Waiting {
    sinks: HashMap<u64, Sink>,
    ended: bool,
}

/// The helper. It runs from its first request to the end of the run.
pub struct Helper {
    python: Box<dyn Fn() -> PathBuf + Send + Sync>,
    own: bool,
    say: Say,
    process: OnceLock<Result<Process, String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Helper {
    /// A helper that this Python will run. `own`: with the small `ansible` package of ours even where Python has one.
    #[must_use]
    pub fn new(python: Box<dyn Fn() -> PathBuf + Send + Sync>, own: bool, say: Say) -> Arc<Self> {
        Arc::new(Self { python, own, say, process: OnceLock::new() })
    }

    fn process(&self) -> Result<&Process, Failed> {
        self.process.get_or_init(|| self.start()).as_ref().map_err(|why| Failed::new(why.as_str()))
    }

    fn start(&self) -> Result<Process, String> {
        let python = (self.python)();
        let mut command = Command::new(&python);
        command.args(["-c", sources::BOOT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        // An interruption is for us; the helper ends when we do.
        command.process_group(0).env("PYTHONDONTWRITEBYTECODE", "1");
        let failed = |error: std::io::Error| {
            format!("plugins in Python need {}, which cannot be run: {error}", python.display())
        };
        let mut child = command.spawn().map_err(failed)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{} was started without pipes", python.display()));
        };
        send(&mut input, &sources::first(self.own)).map_err(failed)?;
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (seen, say) = (waiting.clone(), self.say.clone());
        std::thread::spawn(move || listen(output, &seen, &say));
        Ok(Process { input: Mutex::new(input), waiting, next: AtomicU64::new(1), _child: child })
    }

    /// Begin a request; what comes back goes to the sink, the last of it is a result or a failure.
    ///
    /// # Errors
    /// When there is no such Python, or it has ended.
    pub fn begin(self: &Arc<Self>, what: &str, with: &[Value], sink: Sink) -> Result<Request, Failed> {
        let process = self.process()?;
        let id = process.next.fetch_add(1, Ordering::Relaxed);
        {
            let mut waiting = lock(&process.waiting);
            if waiting.ended {
                return Err(ended());
            }
            waiting.sinks.insert(id, sink);
        }
        let request = Request { helper: self.clone(), id };
        let mut message = Dict::new();
        message.insert("id", id);
        message.insert("do", what);
        message.insert("with", with.iter().map(wire::encode).collect::<Vec<_>>());
        request.send(message)?;
        Ok(request)
    }

    /// A request to its end; questions on the way are answered by `answer`.
    ///
    /// # Errors
    /// What the plugin raised, or that the helper has ended.
    pub fn call(
        self: &Arc<Self>,
        what: &str,
        with: &[Value],
        answer: &mut Answers<'_>,
    ) -> Result<Value, Failed> {
        let (sender, receiver) = mpsc::channel();
        let sink = Box::new(move |message| {
            // Nobody waits any more only after the last message.
            let _late = sender.send(message);
        });
        let request = self.begin(what, with, sink)?;
        loop {
            match receiver.recv().map_err(|_| ended())? {
                Message::Ask(what, with) => request.answer(answer(&what, with))?,
                Message::Done(value) => return Ok(value),
                Message::Failed(failed) => return Err(failed),
            }
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What is wrong.
    pub message: String,
    /// Whether it is that something is not defined.
    pub undefined: bool,
    /// Whether it is that the host cannot be reached.
    pub unreachable: bool,
}

impl Answer {
    /// The host cannot be reached.
    #[must_use]
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self { message: message.into(), undefined: false, unreachable: true }
    }
}

impl From<Diagnostic> for Answer {
    fn from(error: Diagnostic) -> Self {
        let message = error.summary();
        Self { undefined: message.contains("is undefined"), message, unreachable: false }
    }
}

impl From<String> for Answer {
    fn from(message: String) -> Self {
        Self { message, undefined: false, unreachable: false }
    }
}

/// A request that is under way.
pub struct Request {
    helper: Arc<Helper>,
    id: u64,
}

impl Request {
    /// Answer the question that came.
    ///
    /// # Errors
    /// When the helper has ended.
    pub fn answer(&self, answer: Result<Value, Answer>) -> Result<(), Failed> {
        let mut message = Dict::new();
        message.insert("id", self.id);
        match answer {
            Ok(value) => message.insert("answer", wire::encode(&value)),
            Err(answer) => {
                let mut error = Dict::new();
                error.insert("message", answer.message);
                error.insert("undefined", answer.undefined);
                error.insert("unreachable", answer.unreachable);
                message.insert("error", error)
            }
        };
        self.send(message)
    }

    fn send(&self, message: Dict) -> Result<(), Failed> {
        let process = self.helper.process()?;
        send(&mut *lock(&process.input), &Value::Dict(message)).map_err(|_| ended())
    }
}

fn ended() -> Failed {
    Failed::new("the Python process that runs plugins has ended")
}

fn send(input: &mut impl Write, message: &Value) -> std::io::Result<()> {
    let text = json::dumps(message);
    let size =
        u32::try_from(text.len()).map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
    input.write_all(&size.to_be_bytes())?;
    input.write_all(text.as_bytes())?;
    input.flush()
}

fn receive(output: &mut impl Read) -> Option<Dict> {
    let mut size = [0; 4];
    output.read_exact(&mut size).ok()?;
    let size = usize::try_from(u32::from_be_bytes(size)).ok().filter(|size| *size <= LONGEST)?;
    let mut bytes = vec![0; size];
    output.read_exact(&mut bytes).ok()?;
    match json::read(&String::from_utf8(bytes).ok()?).ok()? {
        Value::Dict(message) => Some(message),
        _ => None,
    }
}

fn listen(mut output: impl Read, waiting: &Mutex<Waiting>, say: &Say) {
    while let Some(message) = receive(&mut output) {
        if let Some(how) = message.get("say").and_then(Value::as_str) {
            say(how, &message);
            continue;
        }
        let Some(id) = message.get("id").and_then(Value::as_int).and_then(|id| u64::try_from(id).ok()) else {
            continue;
        };
        deliver(waiting, id, message);
    }
    // Whoever still waits hears of the end when the sinks are dropped or called.
    let sinks = {
        let mut waiting = lock(waiting);
        waiting.ended = true;
        std::mem::take(&mut waiting.sinks)
    };
    for sink in sinks.into_values() {
        sink(Message::Failed(ended()));
    }
}

fn deliver(waiting: &Mutex<Waiting>, id: u64, message: Dict) {
    if let Some(what) = message.get("ask").and_then(Value::as_str) {
        let with = message.get("with").and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default();
        let with = with.into_iter().map(wire::decode).collect();
        if let Some(sink) = lock(waiting).sinks.get(&id) {
            sink(Message::Ask(what.to_string(), with));
        }
        return;
    }
    let Some(sink) = lock(waiting).sinks.remove(&id) else { return };
    match (message.get("done"), message.get("failed")) {
        (_, Some(failed)) => sink(Message::Failed(failure(failed))),
        (done, None) => sink(Message::Done(wire::decode(done.cloned().unwrap_or_default()))),
    }
}

fn failure(failed: &Value) -> Failed {
    let texts = |name: &str| -> Vec<String> {
        let list = failed.get(name).and_then(Value::as_list);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
    };
    Failed {
        messages: texts("messages"),
        kinds: texts("kinds"),
        traceback: failed.get("traceback").and_then(Value::as_str).unwrap_or_default().to_string(),
        result: failed.get("result").cloned().map(wire::decode).and_then(|v| v.as_dict().cloned()),
    }
}
