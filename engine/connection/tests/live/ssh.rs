//! Logging in, the agent's upload, other users.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process::Command,
    time::{Duration, Instant},
};

use rustible_connection::{
    AgentBinary, Become, Binaries, Method, Pool, Secret, SshOptions, Target, Transport,
};

use crate::{
    local::{call, pool, text},
    modules::LEAN,
    runner::{Test, ssh_test},
    sshd::{PASSWORD, Sshd, done},
};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ssh_test("a key logs in and the agent is uploaded once", key_and_upload),
        ssh_test("a password logs in", password),
        ssh_test("a password logs in where the server asks questions", questions),
        ssh_test("an encrypted key is opened with its passphrase", encrypted_key),
        ssh_test("a key of the key agent logs in", key_agent),
        ssh_test("the system's ssh carries the same stream", system_ssh),
        ssh_test("the system's ssh gets the password without a command line", system_ssh_password),
        ssh_test("a connection goes through another host", jump),
        ssh_test("a connection goes through a command", proxy_command),
        ssh_test("sudo with a password and without", sudo),
        ssh_test("su with a password", su),
        ssh_test("a user without a home gets the agent elsewhere", become_nobody),
        ssh_test("a shell command runs as another user", raw_become),
        ssh_test("a damaged agent is replaced before it is started", damaged),
        ssh_test("a folder that others may write to is not used", open_folder),
        ssh_test("a folder where programs are not run is passed over", noexec),
        ssh_test("a closed connection leaves no session behind", no_session_left),
        ssh_test("a module that the lean agent lacks is run by the full one", lean_and_full),
        ssh_test("another user of this machine has an agent too", become_here),
        ssh_test("a framed call over loopback takes a fraction of a millisecond", speed),
    ]
}

async fn user_of(target: &Target) -> String {
    let pool = pool();
    let reply = pool.call(target, call("test.me", &[]), vec![]).await.unwrap();
    pool.shutdown().await;
    text(&reply.result, "user")
}

/// Take this program away again from folders of users that were here before the test.
fn forget_agents(folders: &[&str]) {
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    let name = format!("agent-{}", rustible_protocol::hash::content(&program));
    for folder in folders {
        let _ = fs::remove_file(std::path::Path::new(folder).join(&name));
    }
}

async fn key_and_upload() {
    let sshd = Sshd::start();
    for _ in 0..2 {
        assert_eq!(user_of(&sshd.target()).await, sshd.user);
    }
    let cache = sshd.home().join(".cache/rustible/agents");
    let files: Vec<_> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::metadata(&cache).unwrap().mode() & 0o777, 0o700);
    assert_eq!(files[0].metadata().unwrap().mode() & 0o777, 0o700);
}

async fn password() {
    let sshd = Sshd::with("KbdInteractiveAuthentication no");
    assert_eq!(user_of(&Target::ssh("web", sshd.with_password(PASSWORD))).await, sshd.user);
}

async fn questions() {
    let sshd = Sshd::with("PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes");
    assert_eq!(user_of(&Target::ssh("web", sshd.with_password(PASSWORD))).await, sshd.user);
}

async fn encrypted_key() {
    let sshd = Sshd::start();
    let locked = Some(sshd.path("locked").display().to_string());
    let options = SshOptions { private_key_file: locked, ..sshd.options() };
    let without = pool().connect(&Target::ssh("web", options.clone())).await.unwrap_err().to_string();
    assert!(without.contains("it is encrypted") && without.contains("Permission denied"), "{without}");
    let with = SshOptions { passphrase: Some(Secret::new("open it")), ..options };
    assert_eq!(user_of(&Target::ssh("web", with.clone())).await, sshd.user);
    let text = fs::read_to_string(sshd.path("locked")).unwrap();
    let inline =
        SshOptions { private_key: Some(Secret::new(text.trim_end())), private_key_file: None, ..with };
    assert_eq!(user_of(&Target::ssh("web", inline)).await, sshd.user);
}

async fn key_agent() {
    let sshd = Sshd::start();
    let socket = sshd.path("socket");
    let mut agent = Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !socket.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    done(Command::new("ssh-add").arg("-q").arg(sshd.path("user")).env("SSH_AUTH_SOCK", &socket));
    let args = format!("-F none -o IdentityAgent={}", socket.display());
    let options = SshOptions { private_key_file: None, ssh_args: Some(args), ..sshd.options() };
    let user = user_of(&Target::ssh("web", options)).await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(user, sshd.user);
}

async fn system_ssh() {
    let sshd = Sshd::start();
    let target = Target { transport: Transport::SystemSsh(sshd.options()), ..sshd.target() };
    assert_eq!(user_of(&target).await, sshd.user);
    // An option that only the system's client has.
    let options = SshOptions { extra_args: "-o KnownHostsCommand=/bin/true".into(), ..sshd.options() };
    assert_eq!(user_of(&Target::ssh("web", options)).await, sshd.user);
    let unknown = SshOptions { common_args: "-o UserKnownHostsFile=/dev/null".into(), ..sshd.options() };
    let target = Target { transport: Transport::SystemSsh(unknown), ..sshd.target() };
    let refused = pool().connect(&target).await.unwrap_err();
    assert!(
        refused.is_unreachable() && refused.to_string().ends_with("Host key verification failed."),
        "{refused}"
    );
}

async fn system_ssh_password() {
    let sshd = Sshd::start();
    let target = |password: &str| Target {
        transport: Transport::SystemSsh(sshd.with_password(password)),
        ..sshd.target()
    };
    assert_eq!(user_of(&target(PASSWORD)).await, sshd.user);
    let refused = pool().connect(&target("wrong")).await.unwrap_err().to_string();
    assert!(refused.contains("Permission denied"), "{refused}");
}

/// A configuration file that says what the tests' options say, for hosts that are jumped through.
fn config(sshd: &Sshd) -> String {
    let path = sshd.path("client");
    let text = format!(
        "Host *\n  IdentityFile {0}/user\n  IdentitiesOnly yes\n  UserKnownHostsFile {0}/known_hosts\n",
        sshd.folder.path().display()
    );
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

async fn jump() {
    let sshd = Sshd::start();
    // Jumps read the user's own configuration: a home of the test's own.
    let home = sshd.path("home");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::copy(config(&sshd), home.join(".ssh/config")).unwrap();
    let program = std::env::current_exe().unwrap();
    let jump = format!("-o ProxyJump={}@127.0.0.1:{}", sshd.user, sshd.port);
    if std::env::var_os("HOME").is_some_and(|now| now == home) {
        return;
    }
    // The variable is read while connecting; only a process of its own may change it.
    let output = Command::new(program)
        .args([
            "--jump",
            &jump,
            &sshd.user,
            &sshd.port.to_string(),
            &sshd.folder.path().display().to_string(),
        ])
        .env("HOME", &home)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), sshd.user, "{}", String::from_utf8_lossy(&output.stderr));
}

/// The part of [`jump`] that runs in a process of its own.
pub(crate) async fn jump_here(args: &[String]) -> String {
    let [jump, user, port, folder] = args else { return "arguments".to_string() };
    let options = SshOptions {
        port: port.parse().ok(),
        user: Some(user.clone()),
        private_key_file: Some(format!("{folder}/user")),
        common_args: format!("{jump} -o UserKnownHostsFile={folder}/known_hosts"),
        ..SshOptions::to("127.0.0.1")
    };
    user_of(&Target::ssh("web", options)).await
}

async fn proxy_command() {
    let sshd = Sshd::start();
    let inner = config(&sshd);
    let command = format!("ssh -F {inner} -W %h:%p -p {} {}@127.0.0.1", sshd.port, sshd.user);
    let mut options = sshd.options();
    options.common_args.push_str(&format!(" -o 'ProxyCommand={command}'"));
    assert_eq!(user_of(&Target::ssh("web", options)).await, sshd.user);
}

pub(crate) fn become_with(method: Method, user: &str, password: Option<&str>) -> Become {
    Become {
        method,
        user: user.into(),
        exe: None,
        flags: None,
        folder: None,
        password: password.map(Secret::new),
        prompts: None,
        preamble: false,
    }
}

async fn sudo() {
    let sshd = Sshd::start();
    sshd.sudo("NOPASSWD:");
    let root = sshd.target().with_become(become_with(Method::Sudo, "root", None));
    assert_eq!(user_of(&root).await, "root");
    sshd.sudo("");
    let root = |password| sshd.target().with_become(become_with(Method::Sudo, "root", password));
    let missing = pool().connect(&root(None)).await.unwrap_err();
    assert_eq!((missing.to_string().as_str(), missing.is_unreachable()), ("Missing sudo password", false));
    let began = Instant::now();
    let wrong = pool().connect(&root(Some("wrong"))).await.unwrap_err();
    assert_eq!(wrong.to_string(), "Incorrect sudo password");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let pool = pool();
    let target = root(Some(PASSWORD));
    let reply = pool.call(&target, call("test.me", &[]), vec![]).await.unwrap();
    assert_eq!((text(&reply.result, "user"), text(&reply.result, "home")), ("root".into(), "/root".into()));
    forget_agents(&["/root/.cache/rustible/agents"]);
    // The other user's agent is another one over the same connection.
    let reply = pool.call(&sshd.target(), call("test.me", &[]), vec![]).await.unwrap();
    assert_eq!(text(&reply.result, "user"), sshd.user);
}

async fn su() {
    let sshd = Sshd::start();
    let other = Sshd::start();
    let target = |password| sshd.target().with_become(become_with(Method::Su, &other.user, Some(password)));
    assert_eq!(user_of(&target(PASSWORD)).await, other.user);
    let wrong = pool().connect(&target("wrong")).await.unwrap_err();
    assert_eq!(wrong.to_string(), "Incorrect su password");
}

async fn become_nobody() {
    let sshd = Sshd::start();
    sshd.sudo("NOPASSWD:");
    let nobody = sshd.target().with_become(become_with(Method::Sudo, "nobody", None));
    assert_eq!(user_of(&nobody).await, "nobody");
    forget_agents(&["/var/tmp/.rustible-65534"]);
    let unknown = sshd.target().with_become(become_with(Method::Sudo, "nosuchuser", None));
    let refused = pool().connect(&unknown).await.unwrap_err().to_string();
    assert!(refused.contains("nosuchuser"), "{refused}");
}

async fn raw_become() {
    let sshd = Sshd::start();
    sshd.sudo("");
    let target = sshd.target().with_become(become_with(Method::Sudo, "root", Some(PASSWORD)));
    let output = pool().exec_raw(&target, "id -un; cat; exit 4", Some(b"in")).await.unwrap();
    assert_eq!((output.rc, output.stdout.as_slice()), (4, &b"root\nin"[..]), "{output:?}");
    assert_eq!(output.stderr, b"");
    let plain = pool().exec_raw(&sshd.target(), "id -un; echo no >&2", None).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&plain.stdout).trim(), sshd.user);
    assert_eq!((plain.rc, plain.stderr.as_slice()), (0, &b"no\n"[..]));
    let wrong = sshd.target().with_become(become_with(Method::Sudo, "root", Some("wrong")));
    let refused = pool().exec_raw(&wrong, "id", None).await.unwrap_err();
    assert_eq!(refused.to_string(), "Incorrect sudo password");
}

async fn damaged() {
    let sshd = Sshd::start();
    assert_eq!(user_of(&sshd.target()).await, sshd.user);
    let cache = sshd.home().join(".cache/rustible/agents");
    let agent = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let size = fs::metadata(&agent).unwrap().len();
    let bytes = fs::read(&agent).unwrap();
    fs::remove_file(&agent).unwrap();
    fs::write(&agent, &bytes[..bytes.len() / 2]).unwrap();
    done(Command::new("chown").arg(&sshd.user).arg(&agent));
    done(Command::new("chmod").arg("700").arg(&agent));
    assert_eq!(user_of(&sshd.target()).await, sshd.user);
    assert_eq!(fs::metadata(&agent).unwrap().len(), size);
}

async fn open_folder() {
    let sshd = Sshd::start();
    let cache = sshd.home().join(".cache/rustible/agents");
    done(
        Command::new("install")
            .args(["-d", "-m", "777", "-o", &sshd.user])
            .arg(sshd.home().join(".cache"))
            .arg(sshd.home().join(".cache/rustible"))
            .arg(&cache),
    );
    assert_eq!(user_of(&sshd.target()).await, sshd.user);
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    // A link of somebody else's making is not followed either.
    fs::remove_dir(&cache).unwrap();
    std::os::unix::fs::symlink("/tmp", &cache).unwrap();
    assert_eq!(user_of(&sshd.target()).await, sshd.user);
}

async fn noexec() {
    let sshd = Sshd::start();
    let cache = sshd.home().join(".cache");
    fs::create_dir(&cache).unwrap();
    let owner = format!("noexec,mode=700,uid={}", fs::metadata(sshd.home()).unwrap().uid());
    done(Command::new("mount").args(["-t", "tmpfs", "-o", &owner, "tmpfs"]).arg(&cache));
    let pool = pool();
    let result = pool.connect(&sshd.target()).await;
    let left = fs::read_dir(cache.join("rustible/agents")).map(Iterator::count);
    done(Command::new("umount").arg(&cache));
    result.unwrap();
    assert_eq!(left.unwrap(), 0);
    assert!(sshd.home().join(".ansible/tmp").exists());
}

async fn lean_and_full() {
    let sshd = Sshd::start();
    let program = std::env::current_exe().unwrap();
    let mut lean = fs::read(&program).unwrap();
    lean.push(LEAN);
    fs::write(sshd.path("lean"), lean).unwrap();
    let binaries = Binaries { lean: AgentBinary::file(sshd.path("lean")), ..Binaries::single(program) };
    let (pool, target) = (Pool::new(binaries), sshd.target());
    for _ in 0..2 {
        let reply = pool.call(&target, call("test.full", &[]), vec![]).await.unwrap();
        assert_eq!((text(&reply.result, "user"), reply.unknown_module), (sshd.user.clone(), false));
    }
    // The lean agent is asked for a module only once.
    assert_eq!(pool.stats(&target).sent, 3);
    let reply = pool.call(&target, call("test.none", &[]), vec![]).await.unwrap();
    assert!(reply.unknown_module);
    assert_eq!(pool.stats(&target).connected, 2);
}

async fn become_here() {
    let nobody = Target::local("here").with_become(become_with(Method::Sudo, "nobody", None));
    assert_eq!(user_of(&nobody).await, "nobody");
    forget_agents(&["/var/tmp/.rustible-65534"]);
}

async fn no_session_left() {
    let sshd = Sshd::start();
    let sessions = || {
        let output = Command::new("ps").args(["-u", &sshd.user, "-o", "args="]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    let pool = pool();
    pool.connect(&sshd.target()).await.unwrap();
    assert!(sessions() > 0);
    pool.reset(&sshd.target()).await;
    let end = Instant::now() + Duration::from_secs(5);
    while sessions() > 0 {
        assert!(Instant::now() < end, "a session is left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::print_stdout, reason = "a measurement is there to be read")]
async fn speed() {
    let sshd = Sshd::start();
    let (pool, target) = (pool(), sshd.target());
    pool.connect(&target).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..2000 {
        let began = Instant::now();
        pool.call(&target, call("test.echo", &[("path", "/etc/hosts"), ("state", "present")]), vec![])
            .await
            .unwrap();
        times.push(began.elapsed());
    }
    times.sort();
    println!("  a framed call: median {:?}, 95 % under {:?}", times[1000], times[1900]);
    let stats = pool.stats(&target);
    assert_eq!((stats.sent, stats.received), (2000, 2000));
    assert!(
        times[1000] < Duration::from_millis(if cfg!(debug_assertions) { 2 } else { 1 }),
        "{:?}",
        times[1000]
    );
}
