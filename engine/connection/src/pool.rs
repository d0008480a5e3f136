//! All connections of a run: opened when first needed, shared by everyone who asks for the same target.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering},
    time::Duration,
};

use rustible_protocol::{Call, Reply, frame::Hello};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    Binaries, ConnectionError, Output, SourceFile, SshOptions, Target, Transport,
    agent::{Agent, Counters},
    args::quote,
    batch::{self, Doors},
    bootstrap, call, escalate, local, raw, ssh,
    stream::{self, Stream},
    system_ssh,
    tell::{Tell, Teller},
    transfer,
};

/// After this much silence an agent is asked whether it is there before a call is trusted to it.
const DOUBT: Duration = Duration::from_secs(20);

/// Connections by target. Clones share them; the last one that goes closes them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    binaries: Binaries,
    agents: Slots<(Target, bool), Arc<Agent>>,
    ways: Slots<(String, Transport, bool), Way>,
    counters: Mutex<HashMap<Target, Arc<Counters>>>,
    /// Modules that the lean agent does not have.
    heavy: Mutex<HashSet<String>>,
    told: Arc<OnceLock<Tell>>,
    /// Who runs connection plugins.
    doors: OnceLock<Arc<dyn Doors>>,
}

/// How commands are run on a machine as the user who logs in.
#[derive(Clone)]
pub(crate) struct Way {
    carrier: Carrier,
    teller: Teller,
}

#[derive(Clone)]
enum Carrier {
    /// This program, where commands leave the terminal.
    Local(Option<PathBuf>),
    Ssh(Arc<ssh::Session>),
    System(Arc<system_ssh::SystemSsh>),
}

/// What went over a target's stream, the pulse apart. One task is one frame each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames to the agent.
    pub sent: u64,
    /// Frames from the agent.
    pub received: u64,
    /// Module calls.
    pub calls: u64,
    /// How often the agent was started.
    pub connected: u64,
}

impl Stats {
    fn read(counters: &Counters) -> Self {
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            sent: read(&counters.sent),
            received: read(&counters.received),
            calls: read(&counters.calls),
            connected: read(&counters.connected),
        }
    }
}

impl Pool {
    /// A pool without connections.
    #[must_use]
    pub fn new(binaries: Binaries) -> Self {
        let inner = Inner {
            binaries,
            agents: Slots::default(),
            ways: Slots::default(),
            counters: Mutex::default(),
            heavy: Mutex::default(),
            told: Arc::default(),
            doors: OnceLock::new(),
        };
        Self(Arc::new(inner))
    }

    /// Tell what is run over connections from now on; only the first who asks is told.
    pub fn tell(&self, tell: Tell) {
        // A second one would hear everything twice.
        let _known = self.0.told.set(tell);
    }

    /// Say who runs connection plugins; the first one counts.
    pub fn through(&self, doors: Arc<dyn Doors>) {
        let _kept = self.0.doors.set(doors);
    }

    /// Run a module on the target and wait for its result. `files` are the contents of the call's attachments. When the
    /// future is dropped, the call and what it started are ended over there.
    ///
    /// # Errors
    /// When there is no connection, or it ends before the result came.
    pub async fn call(
        &self,
        target: &Target,
        call: Call,
        files: Vec<SourceFile>,
    ) -> Result<Reply, ConnectionError> {
        let may_need_full = self.0.binaries.has_more() && target.transport != Transport::Local;
        let known_heavy = may_need_full && lock(&self.0.heavy).contains(&call.module);
        let again = (may_need_full && !known_heavy).then(|| call.clone());
        if let Transport::Plugin(_) = target.transport {
            self.counters(target).calls.fetch_add(1, Ordering::Relaxed);
            let reply = self.batch(target, known_heavy)?.call(call, &files).await?;
            return match again {
                Some(call) if reply.unknown_module => {
                    lock(&self.0.heavy).insert(call.module.clone());
                    self.batch(target, true)?.call(call, &files).await
                }
                _ => Ok(reply),
            };
        }
        let agent = self.agent(target, known_heavy).await?;
        self.counters(target).calls.fetch_add(1, Ordering::Relaxed);
        let reply = call::run(&agent, call, &files).await?;
        match again {
            Some(call) if reply.unknown_module => {
                lock(&self.0.heavy).insert(call.module.clone());
                let agent = self.agent(target, true).await?;
                call::run(&agent, call, &files).await
            }
            _ => Ok(reply),
        }
    }

    /// Connect when there is no connection yet, and say who answers.
    ///
    /// # Errors
    /// When there is no connection to be had.
    pub async fn connect(&self, target: &Target) -> Result<Hello, ConnectionError> {
        if let Transport::Plugin(_) = target.transport {
            return self.batch(target, false)?.greet().await;
        }
        Ok(self.agent(target, false).await?.hello.clone())
    }

    /// Ask the target's agent whether it is there, connecting when needed.
    ///
    /// # Errors
    /// When there is no connection, or no answer in the target's time.
    pub async fn ping(&self, target: &Target) -> Result<(), ConnectionError> {
        if let Transport::Plugin(_) = target.transport {
            return self.batch(target, false)?.greet().await.map(drop);
        }
        self.agent(target, false).await?.ping(target.timeout).await
    }

    /// Copy a file of the target, named absolutely, into `sink`; its size in bytes.
    ///
    /// # Errors
    /// When there is no connection, or the file cannot be read.
    pub async fn read(
        &self,
        target: &Target,
        path: &str,
        sink: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, ConnectionError> {
        if let Transport::Plugin(_) = target.transport {
            return self.batch(target, false)?.read(path, sink).await;
        }
        transfer::read(&*self.agent(target, false).await?, path, sink).await
    }

    /// Write a file of the target, named absolutely, from `source`: mode 0600, atomically.
    ///
    /// # Errors
    /// When there is no connection, or the file cannot be written.
    pub async fn write(
        &self,
        target: &Target,
        path: &str,
        source: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), ConnectionError> {
        if let Transport::Plugin(_) = target.transport {
            return self.batch(target, false)?.write(path, source).await;
        }
        transfer::write(&*self.agent(target, false).await?, path, source).await
    }

    /// Run a shell command without the agent (`raw`): by the login shell, or by `/bin/sh` as another user. Without
    /// `stdin` it has an empty one.
    ///
    /// # Errors
    /// When there is no connection, it breaks, or rights are refused.
    pub async fn exec_raw(
        &self,
        target: &Target,
        command: &str,
        stdin: Option<&[u8]>,
    ) -> Result<Output, ConnectionError> {
        if let Transport::Plugin(_) = target.transport {
            return self.doors()?.run(target, command, stdin).await;
        }
        let way = self.way(target).await?;
        let Some(escalation) = &target.escalation else {
            return raw::run((target, &way), command, stdin, None).await;
        };
        let marked = format!("/bin/sh -c {}", quote(&format!("echo {}; {command}", raw::MARK)));
        let command = escalate::command(escalation, &marked)?;
        let watch = escalate::Watch::new(Some(escalation), &target.transport);
        raw::run((target, &way), &command, stdin, Some(watch)).await
    }

    /// Close every connection to the target's machine; the next call opens new ones.
    pub async fn reset(&self, target: &Target) {
        let (name, transport) = (&target.name, &target.transport);
        if let (Transport::Plugin(_), Some(doors)) = (transport, self.0.doors.get()) {
            doors.reset(target).await;
        }
        for agent in self.0.agents.take(|(key, _)| key.name == *name && key.transport == *transport).await {
            agent.close();
        }
        for way in self.0.ways.take(|(key, kind, _)| key == name && kind == transport).await {
            way.close().await;
        }
    }

    /// Close the connections to the target's machine on which that user was become: nothing of ours runs as the user
    /// any more.
    pub async fn release(&self, target: &Target, user: &str) {
        let of_user = |key: &Target| {
            let same = key.name == target.name && key.transport == target.transport;
            same && key.escalation.as_ref().is_some_and(|escalation| escalation.user == user)
        };
        let agents = self.0.agents.take(|(key, _)| of_user(key)).await;
        if agents.is_empty() {
            return;
        }
        agents.iter().for_each(|agent| agent.close());
        drop(agents);
        // How long it takes over there cannot be seen from here.
        let moment = if target.transport == Transport::Local { 50 } else { 300 };
        tokio::time::sleep(Duration::from_millis(moment)).await;
    }

    /// Close all connections: agents end what they run and themselves. Waits a moment for those of this machine.
    pub async fn shutdown(&self) {
        for agent in self.0.agents.take(|_| true).await {
            agent.close();
        }
        for way in self.0.ways.take(|_| true).await {
            way.close().await;
        }
        stream::children_ended().await;
    }

    /// What went over the target's stream so far.
    #[must_use]
    pub fn stats(&self, target: &Target) -> Stats {
        Stats::read(&self.counters(target))
    }

    /// What went over every stream so far, with the machine's name and whom was become there; sorted by both.
    #[must_use]
    pub fn all_stats(&self) -> Vec<(String, Option<String>, Stats)> {
        let mut all: Vec<_> = lock(&self.0.counters)
            .iter()
            .map(|(target, counters)| {
                let user = target.escalation.as_ref().map(|escalation| escalation.user.clone());
                (target.name.clone(), user, Stats::read(counters))
            })
            .collect();
        all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        all
    }

    fn doors(&self) -> Result<&Arc<dyn Doors>, ConnectionError> {
        let missing = || ConnectionError::Setup("connection plugins in Python need Python".to_string());
        self.0.doors.get().ok_or_else(missing)
    }

    fn batch<'a>(&'a self, target: &'a Target, full: bool) -> Result<batch::Batch<'a>, ConnectionError> {
        let binary = if full { &self.0.binaries.full } else { &self.0.binaries.lean };
        Ok(batch::Batch { doors: &**self.doors()?, target, binary })
    }

    fn counters(&self, target: &Target) -> Arc<Counters> {
        lock(&self.0.counters).entry(key(target)).or_default().clone()
    }

    /// The running agent of a target, started when there is none.
    async fn agent(&self, target: &Target, full: bool) -> Result<Arc<Agent>, ConnectionError> {
        let slot = self.0.agents.slot((key(target), full));
        let mut held = slot.lock().await;
        if let Some(agent) = &*held {
            let alive = !agent.is_closed()
                && (agent.silent_for() < DOUBT || agent.ping(target.timeout).await.is_ok());
            if alive {
                return Ok(agent.clone());
            }
            if agent.is_frozen() {
                let same = |name: &str, kind: &Transport| *name == target.name && *kind == target.transport;
                self.0.ways.take(|(name, kind, _)| same(name, kind)).await;
            }
            *held = None;
        }
        let agent = Arc::new(self.start(target, full).await?);
        *held = Some(agent.clone());
        Ok(agent)
    }

    async fn start(&self, target: &Target, full: bool) -> Result<Agent, ConnectionError> {
        let counters = self.counters(target);
        let binaries = &self.0.binaries;
        if target.transport == Transport::Local && target.escalation.is_none() {
            let teller = Teller::new(&self.0.told, &target.name);
            teller.local(&ssh::local_user());
            teller.exec(&format!("{} agent", quote(&binaries.local.display().to_string())));
            return bootstrap::start_local(
                target,
                local::agent(&binaries.local, target.terminal)?,
                &counters,
            )
            .await;
        }
        let way = self.way(target).await?;
        let binary = match (&target.transport, full) {
            (Transport::Local, _) | (_, true) => &binaries.full,
            _ => &binaries.lean,
        };
        bootstrap::start(target, &way, binary, &counters).await
    }

    /// The open way to a target's machine.
    async fn way(&self, target: &Target) -> Result<Way, ConnectionError> {
        let slot = self.0.ways.slot((target.name.clone(), target.transport.clone(), target.terminal));
        let mut held = slot.lock().await;
        if let Some(way) = held.as_ref().filter(|way| !way.is_closed()) {
            return Ok(way.clone());
        }
        let teller = Teller::new(&self.0.told, &target.name);
        let way = Way { carrier: open(target, &self.0.binaries.local, &teller).await?, teller };
        *held = Some(way.clone());
        Ok(way)
    }
}

async fn open(target: &Target, program: &Path, teller: &Teller) -> Result<Carrier, ConnectionError> {
    let (options, force) = match &target.transport {
        Transport::Local => {
            teller.local(&ssh::local_user());
            return Ok(Carrier::Local((!target.terminal).then(|| program.to_path_buf())));
        }
        Transport::Plugin(plugin) => {
            let text = format!("the connection plugin '{}' has no lasting stream", plugin.name);
            return Err(ConnectionError::Setup(text));
        }
        Transport::Ssh(options) => (options, false),
        Transport::SystemSsh(options) => (options, true),
    };
    let mut attempt = 0;
    loop {
        teller.ssh(options);
        match open_ssh(options, target, force).await {
            Err(e) if e.may_retry() && attempt < options.retries => {
                // 0, 1, 3, 7 ... seconds, as the reference waits.
                let pause = 2u64.saturating_pow(attempt).saturating_sub(1).min(30);
                tokio::time::sleep(Duration::from_secs(pause)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn open_ssh(options: &SshOptions, target: &Target, force: bool) -> Result<Carrier, ConnectionError> {
    let system =
        || Ok(Carrier::System(Arc::new(system_ssh::SystemSsh::new(options.clone(), target.timeout))));
    if force {
        return system();
    }
    match ssh::plan(options, target.timeout).await? {
        ssh::Plan::Own(settings) => {
            Ok(Carrier::Ssh(Arc::new(ssh::connect(*settings, options, target.timeout).await?)))
        }
        ssh::Plan::System => system(),
    }
}

impl Way {
    /// Start a shell command.
    pub(crate) async fn run(&self, command: &str) -> Result<Stream, ConnectionError> {
        match &self.carrier {
            Carrier::Local(program) => {
                self.teller.exec(&format!("/bin/sh -c {}", quote(command)));
                local::run(command, program.as_deref())
            }
            Carrier::Ssh(session) => {
                self.teller.exec(command);
                session.run(command).await
            }
            Carrier::System(ssh) => ssh.run(command, &self.teller),
        }
    }

    async fn close(&self) {
        if let Carrier::Ssh(session) = &self.carrier {
            session.close().await;
        }
    }

    fn is_closed(&self) -> bool {
        matches!(&self.carrier, Carrier::Ssh(session) if session.is_closed())
    }
}

/// What decides whether two targets are the same connection.
fn key(target: &Target) -> Target {
    Target { timeout: Duration::ZERO, remote_tmp: String::new(), ..target.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Things by key, each made by one while the others who want it wait.
struct Slots<K, V>(Mutex<HashMap<K, Slot<V>>>);

type Slot<V> = Arc<tokio::sync::Mutex<Option<V>>>;

impl<K, V> Default for Slots<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Slots<K, V> {
    fn slot(&self, key: K) -> Slot<V> {
        lock(&self.0).entry(key).or_default().clone()
    }

    /// Take out what these keys hold.
    async fn take(&self, which: impl Fn(&K) -> bool) -> Vec<V> {
        let slots: Vec<_> =
            lock(&self.0).iter().filter(|(key, _)| which(key)).map(|(_, slot)| slot.clone()).collect();
        let mut taken = Vec::new();
        for slot in slots {
            taken.extend(slot.lock().await.take());
        }
        taken
    }
}
