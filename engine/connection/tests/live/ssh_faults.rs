//! Host keys that are not accepted, servers that refuse, connections that die.

use std::{
    fs,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustible_connection::{ConnectionError, SshOptions, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    local::{Beat, call, pool, text},
    runner::{Test, ssh_test, test},
    sshd::{Sshd, done, free_port},
};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        test("a closed port and an unknown name are unreachable in the words of ssh", unreachable),
        test("a server that never answers is unreachable within the time", mute),
        ssh_test("a wrong password and a wrong key are refused in the words of ssh", denied),
        ssh_test("an unknown host key is refused, learnt or let pass as the settings say", host_keys),
        ssh_test("a changed host key is refused and gets no password", changed_key),
        ssh_test("a host certificate counts when its authority is known", certificate),
        ssh_test("a connection that is lost between calls is opened again", lost_between),
        ssh_test(
            "a connection that is lost during a call is unreachable and ends the call there",
            lost_during,
        ),
        ssh_test("a connection that freezes is given up and the next call has a new one", frozen),
    ]
}

async fn refused(options: SshOptions) -> ConnectionError {
    let target = Target { timeout: Duration::from_secs(2), ..Target::ssh("web", options) };
    pool().connect(&target).await.unwrap_err()
}

async fn unreachable() {
    let port = free_port();
    let closed = refused(SshOptions { port: Some(port), ..SshOptions::to("127.0.0.1") }).await;
    let words = format!(
        "Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port {port}: Connection refused"
    );
    assert_eq!((closed.to_string(), closed.is_unreachable()), (words, true));
    let unknown = refused(SshOptions::to("no-such-host.invalid")).await.to_string();
    assert!(unknown.contains("ssh: Could not resolve hostname no-such-host.invalid: "), "{unknown}");
    assert!(!refused(SshOptions::to("-oProxyCommand=true")).await.is_unreachable());
}

async fn mute() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let began = Instant::now();
    let port = listener.local_addr().unwrap().port();
    let mute = refused(SshOptions { port: Some(port), ..SshOptions::to("127.0.0.1") }).await;
    assert!(
        mute.is_unreachable() && began.elapsed() < Duration::from_secs(4),
        "{mute} {:?}",
        began.elapsed()
    );
}

async fn denied() {
    let sshd = Sshd::start();
    let words = |methods: &str| {
        let user = &sshd.user;
        format!("Failed to connect to the host via ssh: {user}@127.0.0.1: Permission denied ({methods}).")
    };
    let password = refused(sshd.with_password("wrong")).await;
    assert_eq!(password.to_string(), words("publickey,password,keyboard-interactive"));
    assert!(matches!(password, ConnectionError::Auth(_)));
    let key = Some(sshd.path("host").display().to_string());
    let key = refused(SshOptions { private_key_file: key, ..sshd.options() }).await;
    assert_eq!(key.to_string(), words("publickey,password,keyboard-interactive"));
}

fn known(sshd: &Sshd, more: &str) -> SshOptions {
    let file = sshd.path("own_known_hosts");
    SshOptions { common_args: format!("-o UserKnownHostsFile={} {more}", file.display()), ..sshd.options() }
}

async fn host_keys() {
    let sshd = Sshd::start();
    let name = format!("[127.0.0.1]:{}", sshd.port);
    let unknown = refused(known(&sshd, "")).await.to_string();
    assert!(unknown.ends_with("Host key verification failed."), "{unknown}");
    assert!(unknown.contains(&format!("No ED25519 host key is known for {name}")), "{unknown}");
    let learns = known(&sshd, "-o StrictHostKeyChecking=accept-new -o HashKnownHosts=yes");
    pool().connect(&Target::ssh("web", learns)).await.unwrap();
    let file = fs::read_to_string(sshd.path("own_known_hosts")).unwrap();
    assert!(file.starts_with("|1|") && file.lines().count() == 1, "{file}");
    // Now it is known, under its hash.
    pool().connect(&Target::ssh("web", known(&sshd, ""))).await.unwrap();
    done(Command::new("ssh-keygen").args(["-F", &name, "-f"]).arg(sshd.path("own_known_hosts")));
    fs::remove_file(sshd.path("own_known_hosts")).unwrap();
    let unchecked = SshOptions { host_key_checking: false, ..known(&sshd, "") };
    pool().connect(&Target::ssh("web", unchecked)).await.unwrap();
    assert!(
        fs::read_to_string(sshd.path("own_known_hosts"))
            .unwrap()
            .starts_with(&format!("{name} ssh-ed25519 "))
    );
    fs::write(sshd.path("own_known_hosts"), format!("@revoked * {}", sshd.public("host"))).unwrap();
    let revoked = refused(known(&sshd, "-o StrictHostKeyChecking=no")).await.to_string();
    assert!(revoked.contains("revoked"), "{revoked}");
}

async fn changed_key() {
    let sshd = Sshd::start();
    let line = format!("[127.0.0.1]:{} {}", sshd.port, sshd.public("user"));
    fs::write(sshd.path("own_known_hosts"), &line).unwrap();
    let changed = refused(known(&sshd, "-o StrictHostKeyChecking=accept-new")).await.to_string();
    assert!(changed.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{changed}");
    assert!(changed.contains(&format!("{}:1", sshd.path("own_known_hosts").display())), "{changed}");
    let password = SshOptions {
        common_args: known(&sshd, "-o StrictHostKeyChecking=no").common_args,
        ..sshd.with_password(crate::sshd::PASSWORD)
    };
    let denied = refused(password).await;
    assert!(matches!(denied, ConnectionError::Auth(_)), "{denied}");
    // A key shows nothing to a false server, so it may log in.
    pool().connect(&Target::ssh("web", known(&sshd, "-o StrictHostKeyChecking=no"))).await.unwrap();
    assert_eq!(fs::read_to_string(sshd.path("own_known_hosts")).unwrap(), line);
}

async fn certificate() {
    let sign = |principal: &str, sshd: &Sshd| {
        done(
            Command::new("ssh-keygen")
                .args(["-q", "-h", "-I", "web", "-n", principal, "-s"])
                .arg(sshd.path("authority"))
                .arg(sshd.path("host.pub")),
        );
    };
    for (principal, good) in [("127.0.0.1", true), ("elsewhere", false)] {
        let sshd = Sshd::start();
        sign(principal, &sshd);
        let mut config = fs::read_to_string(sshd.path("config")).unwrap();
        let port = free_port();
        config = config.replace(&format!("Port {}", sshd.port), &format!("Port {port}"));
        config.push_str(&format!("HostCertificate {}\n", sshd.path("host-cert.pub").display()));
        fs::write(sshd.path("config2"), config).unwrap();
        let mut second =
            Command::new("/usr/sbin/sshd").arg("-D").arg("-f").arg(sshd.path("config2")).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let line = format!("@cert-authority [127.0.0.1]:* {}", sshd.public("authority"));
        fs::write(sshd.path("own_known_hosts"), line).unwrap();
        let options = SshOptions { port: Some(port), ..known(&sshd, "") };
        let result = pool().connect(&Target::ssh("web", options)).await;
        second.kill().unwrap();
        second.wait().unwrap();
        assert_eq!(result.is_ok(), good, "{result:?}");
    }
}

/// A way to the server that can be cut or frozen.
struct Cable {
    port: u16,
    cut: tokio::sync::watch::Sender<u32>,
    frozen: Arc<AtomicBool>,
}

impl Cable {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (cut, cuts) = tokio::sync::watch::channel(0);
        let frozen = Arc::new(AtomicBool::new(false));
        let ice = frozen.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                // A connection that was made before the freeze stays frozen.
                let mine = Arc::new(AtomicBool::new(false));
                for (from, to) in [(near_in, far_out), (far_in, near_out)] {
                    tokio::spawn(carry(from, to, cuts.clone(), ice.clone(), mine.clone()));
                }
            }
        });
        Self { port: own, cut, frozen }
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut cuts: tokio::sync::watch::Receiver<u32>,
    ice: Arc<AtomicBool>,
    mine: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 65536];
    cuts.mark_unchanged();
    loop {
        tokio::select! {
            _ = cuts.changed() => return,
            size = from.read(&mut buffer) => match size {
                Ok(size) if size > 0 => {
                    if ice.load(Ordering::SeqCst) {
                        mine.store(true, Ordering::SeqCst);
                    }
                    if !mine.load(Ordering::SeqCst) && to.write_all(&buffer[..size]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

fn through(sshd: &Sshd, cable: &Cable) -> Target {
    let line = format!("[127.0.0.1]:{} {}", cable.port, sshd.public("host"));
    fs::write(sshd.path("own_known_hosts"), line).unwrap();
    Target::ssh("web", SshOptions { port: Some(cable.port), ..known(sshd, "") })
}

async fn lost_between() {
    let sshd = Sshd::start();
    let cable = Cable::to(sshd.port).await;
    let (pool, target) = (pool(), through(&sshd, &cable));
    pool.call(&target, call("test.echo", &[]), vec![]).await.unwrap();
    cable.cut.send_modify(|cuts| *cuts += 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reply = pool.call(&target, call("test.echo", &[("x", "y")]), vec![]).await.unwrap();
    assert_eq!(text(&reply.result, "x"), "y");
    assert_eq!(pool.stats(&target).connected, 2);
}

async fn lost_during() {
    let sshd = Sshd::start();
    let cable = Cable::to(sshd.port).await;
    let (pool, target, beat) = (pool(), through(&sshd, &cable), Beat::new());
    let command = beat.command();
    let (result, ()) =
        tokio::join!(pool.call(&target, call("test.run", &[("command", &command)]), vec![]), async {
            beat.begins().await;
            cable.cut.send_modify(|cuts| *cuts += 1);
        });
    let error = result.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
    beat.ends_within(6).await;
}

async fn frozen() {
    let sshd = Sshd::start();
    let cable = Cable::to(sshd.port).await;
    let mut target = through(&sshd, &cable);
    let rustible_connection::Transport::Ssh(options) = &mut target.transport else { panic!("not ssh") };
    options.extra_args = "-o ServerAliveInterval=1 -o ServerAliveCountMax=2".to_string();
    let pool = pool();
    pool.call(&target, call("test.echo", &[]), vec![]).await.unwrap();
    let began = Instant::now();
    let (result, ()) =
        tokio::join!(pool.call(&target, call("test.run", &[("command", "sleep 60")]), vec![]), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            cable.frozen.store(true, Ordering::SeqCst);
        });
    let error = result.unwrap_err();
    assert!(
        error.is_unreachable() && began.elapsed() < Duration::from_secs(8),
        "{error} {:?}",
        began.elapsed()
    );
    cable.frozen.store(false, Ordering::SeqCst);
    pool.call(&target, call("test.echo", &[]), vec![]).await.unwrap();
}
