//! The agent on a pipe.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustible_connection::{Binaries, Pool, SourceFile, Target};
use rustible_protocol::{
    Attachment, Call, Dict, Value,
    call::{INLINE_LIMIT, Job},
    hash,
};

use crate::runner::{Test, test};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        test("a call is one frame each way", one_frame_each_way),
        test("many calls are in flight at the same time", many_in_flight),
        test("a large attachment is asked for and a small one is not", attachments),
        test("a panic of a module is a failed result", a_panic),
        test("a module that is not there is said to be unknown", unknown),
        test("a call that is given up ends what it started", given_up),
        test("a call whose time is over ends with the reference's words", timed_out),
        test("an agent that is closed ends what it started", closed),
        test("a background job outlives its agent and leaves its result", background),
        test("a background job that runs too long is ended", background_limit),
        test("a file is read and written as it is", files),
        test("a shell command runs without the agent", raw),
        test("what is run is told word for word", told),
    ]
}

pub(crate) fn pool() -> Pool {
    Pool::new(Binaries::current().unwrap())
}

pub(crate) fn call(module: &str, args: &[(&str, &str)]) -> Call {
    let args: Dict = args.iter().map(|(name, value)| (*name, Value::str(*value))).collect();
    Call { module: module.to_string(), args, ..Call::default() }
}

pub(crate) fn text(result: &Dict, name: &str) -> String {
    result.get(name).and_then(Value::as_str).unwrap_or_default().to_string()
}

async fn one_frame_each_way() {
    let (pool, target) = (pool(), Target::local("h"));
    for _ in 0..3 {
        let reply = pool.call(&target, call("test.echo", &[("x", "y")]), vec![]).await.unwrap();
        assert_eq!(text(&reply.result, "x"), "y");
    }
    let stats = pool.stats(&target);
    assert_eq!((stats.sent, stats.received, stats.calls, stats.connected), (3, 3, 3, 1));
}

async fn told() {
    let (pool, target) = (pool(), Target::local("h"));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    pool.tell(Arc::new(move |level, host, text| {
        hears.lock().unwrap().push(format!("{level} {host} {text}"));
    }));
    pool.exec_raw(&target, "echo a", None).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(heard[0].starts_with("3 h ESTABLISH LOCAL CONNECTION FOR USER: "), "{heard:?}");
    assert_eq!(heard[1..], ["3 h EXEC /bin/sh -c 'echo a'"]);
}

async fn many_in_flight() {
    let (pool, target) = (pool(), Target::local("h"));
    let began = Instant::now();
    let calls = (0..20).map(|_| {
        let (pool, target) = (pool.clone(), target.clone());
        tokio::spawn(async move {
            pool.call(&target, call("test.run", &[("command", "sleep 0.5")]), vec![]).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(pool.stats(&target).connected, 1);
}

async fn attachments() {
    let (pool, target) = (pool(), Target::local("h"));
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for (content, frames) in [(large, None), (b"small".to_vec(), Some(1))] {
        let known = Attachment { name: "f".into(), size: content.len() as u64, ..Attachment::default() };
        let call = Call { attachments: vec![known], ..call("test.attachment", &[("name", "f")]) };
        let before = pool.stats(&target);
        let files = vec![SourceFile::bytes("f", content.clone())];
        let reply = pool.call(&target, call, files).await.unwrap();
        assert_eq!(text(&reply.result, "hash"), hash::content(&content));
        let sent = pool.stats(&target).sent - before.sent;
        match frames {
            Some(frames) => assert_eq!(sent, frames),
            None => assert!(sent > content.len() as u64 / INLINE_LIMIT),
        }
    }
    let reply = pool.call(&target, call("test.attachment", &[("name", "none")]), vec![]).await.unwrap();
    assert_eq!(text(&reply.result, "msg"), "the call has no attachment none");
}

async fn a_panic() {
    let (pool, target) = (pool(), Target::local("h"));
    let reply = pool.call(&target, call("test.panic", &[]), vec![]).await.unwrap();
    assert_eq!(reply.result.get("failed"), Some(&Value::Bool(true)));
    assert!(text(&reply.result, "exception").contains("as it was told"));
    pool.call(&target, call("test.echo", &[]), vec![]).await.unwrap();
    assert_eq!(pool.stats(&target).connected, 1);
}

async fn unknown() {
    let reply = pool().call(&Target::local("h"), call("test.none", &[]), vec![]).await.unwrap();
    assert!(reply.unknown_module && reply.result.get("failed") == Some(&Value::Bool(true)));
}

/// A file in a folder of the test, and whether a process that touches it every moment still runs.
pub(crate) struct Beat {
    folder: tempfile::TempDir,
}

impl Beat {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Also another user's process writes into it.
        std::fs::set_permissions(folder.path(), mode(0o777)).unwrap();
        Self { folder }
    }
    pub(crate) fn command(&self) -> String {
        format!("while :; do date +%N >{}/beat; sleep 0.05; done", self.folder.path().display())
    }
    fn read(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("beat")).ok().filter(|text| !text.is_empty())
    }
    pub(crate) async fn begins(&self) {
        while self.read().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    pub(crate) async fn ends_within(&self, seconds: u64) {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            let before = self.read();
            tokio::time::sleep(Duration::from_millis(400)).await;
            if before == self.read() {
                return;
            }
            assert!(Instant::now() < end, "the process still runs");
        }
    }
}

pub(crate) fn mode(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

async fn given_up() {
    let (pool, target, beat) = (pool(), Target::local("h"), Beat::new());
    let command = beat.command();
    let call = pool.call(&target, call("test.run", &[("command", &command)]), vec![]);
    tokio::select! {
        _ = call => panic!("it does not end by itself"),
        () = beat.begins() => {}
    }
    beat.ends_within(4).await;
    assert_eq!(pool.stats(&target).connected, 1);
}

async fn timed_out() {
    let (pool, target, beat) = (pool(), Target::local("h"), Beat::new());
    let command = beat.command();
    let call = Call { timeout: 1, ..call("test.run", &[("command", &command)]) };
    let reply = pool.call(&target, call, vec![]).await.unwrap();
    assert_eq!(text(&reply.result, "msg"), "Timed out after 1 second(s).");
    beat.ends_within(2).await;
}

async fn closed() {
    let (pool, target, beat) = (pool(), Target::local("h"), Beat::new());
    let command = beat.command();
    let other = pool.clone();
    let running = tokio::spawn({
        let target = target.clone();
        async move { other.call(&target, call("test.run", &[("command", &command)]), vec![]).await }
    });
    beat.begins().await;
    pool.shutdown().await;
    beat.ends_within(5).await;
    let error = running.await.unwrap().unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

async fn job(command: &str, limit: u64) -> (tempfile::TempDir, String) {
    let (pool, target) = (pool(), Target::local("h"));
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("jobs").to_string_lossy().into_owned();
    let job = Job { id: "j1.2".into(), limit, dir: dir.clone() };
    let call = Call { job: Some(job), ..call("test.run", &[("command", command)]) };
    let reply = pool.call(&target, call, vec![]).await.unwrap();
    assert_eq!(text(&reply.result, "results_file"), format!("{dir}/j1.2"));
    assert_eq!(reply.result.get("finished"), Some(&Value::Bool(false)));
    pool.shutdown().await;
    (folder, format!("{dir}/j1.2"))
}

async fn until_it_has(file: &str, word: &str) -> String {
    loop {
        let state = std::fs::read_to_string(file).unwrap();
        if state.contains(word) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn background() {
    let (_folder, file) = job("sleep 1; exit 7", 0).await;
    let state = std::fs::read_to_string(&file).unwrap();
    assert_eq!(state, r#"{"started": true, "finished": false, "ansible_job_id": "j1.2"}"#);
    assert_eq!(until_it_has(&file, "rc").await, r#"{"rc": 7}"#);
}

async fn background_limit() {
    let beat = Beat::new();
    let (_folder, file) = job(&beat.command(), 1).await;
    until_it_has(&file, "Timeout exceeded").await;
    beat.ends_within(2).await;
}

async fn files() {
    let (pool, target) = (pool(), Target::local("h"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f").to_string_lossy().into_owned();
    let content: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 7) as u8).collect();
    pool.write(&target, &path, &mut content.as_slice()).await.unwrap();
    let mut back = Vec::new();
    assert_eq!(pool.read(&target, &path, &mut back).await.unwrap(), 1_000_000);
    assert_eq!(back, content);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = pool.read(&target, "/no/such/file", &mut Vec::new()).await.unwrap_err();
    assert!(!missing.is_unreachable() && missing.to_string().contains("/no/such/file"), "{missing}");
    let nowhere = pool.write(&target, "/no/such/file", &mut b"x".as_slice()).await.unwrap_err();
    assert!(nowhere.to_string().contains("/no/such/file"), "{nowhere}");
}

async fn raw() {
    let output = pool().exec_raw(&Target::local("h"), "cat; echo no >&2; exit 3", Some(b"in")).await.unwrap();
    assert_eq!(
        (output.rc, output.stdout.as_slice(), output.stderr.as_slice()),
        (3, &b"in"[..], &b"no\n"[..])
    );
}
