//! An `sshd` of the tests' own: loopback, a port of its own, keys and users for once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustible_connection::{Secret, SshOptions, Target};

use crate::local::mode;

/// Why tests with a server cannot run here.
pub(crate) fn missing() -> Option<&'static str> {
    let uid = Command::new("id").arg("-u").output().ok()?;
    if uid.stdout != b"0\n" {
        return Some("needs root");
    }
    ["/usr/sbin/sshd", "/usr/sbin/useradd", "/usr/bin/sudo", "/usr/bin/ssh-agent"]
        .iter()
        .find(|program| !Path::new(program).exists())
        .map(|_| "needs sshd, useradd, sudo and ssh-agent")
}

/// A running server and a user who may log in.
pub(crate) struct Sshd {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    pub(crate) user: String,
    server: Child,
}

pub(crate) const PASSWORD: &str = "pa'ss $word\"{{ 7*7 }}";
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Sshd {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Start with more lines of configuration.
    pub(crate) fn with(lines: &str) -> Self {
        let folder = tempfile::Builder::new().permissions(mode(0o755)).tempdir().unwrap();
        let dir = folder.path();
        for name in ["host", "user", "authority"] {
            keygen(&["-t", "ed25519", "-N", ""], &dir.join(name));
        }
        keygen(&["-t", "ed25519", "-N", "open it"], &dir.join("locked"));
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let user = format!("rt{}x{number}", std::process::id());
        done(Command::new("useradd").args(["-m", "-s", "/bin/sh", &user]));
        Self::set_password(&user, PASSWORD);
        let keys = ["user", "locked"]
            .map(|name| fs::read_to_string(dir.join(format!("{name}.pub"))).unwrap())
            .concat();
        fs::write(dir.join("authorized"), keys).unwrap();
        let port = free_port();
        let config = format!(
            "{lines}\nPort {port}\nListenAddress 127.0.0.1\nHostKey {dir}/host\nPidFile {dir}/pid\nStrictModes no\n\
             AuthorizedKeysFile {dir}/authorized\nUsePAM no\nPasswordAuthentication yes\nPermitRootLogin no\n",
            dir = dir.display()
        );
        fs::write(dir.join("config"), config).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.arg("-D").arg("-f").arg(dir.join("config")).arg("-E").arg(dir.join("log"));
        let server = sshd.stdin(Stdio::null()).spawn().unwrap();
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let sshd = Self { folder, port, user, server };
        let line = format!("[127.0.0.1]:{port} {}", sshd.public("host"));
        fs::write(sshd.path("known_hosts"), line).unwrap();
        sshd
    }

    pub(crate) fn set_password(user: &str, password: &str) {
        use std::io::Write;
        let mut chpasswd = Command::new("chpasswd").stdin(Stdio::piped()).spawn().unwrap();
        chpasswd.stdin.take().unwrap().write_all(format!("{user}:{password}\n").as_bytes()).unwrap();
        assert!(chpasswd.wait().unwrap().success());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn public(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap()
    }

    /// Options that log in with a key and know the server's key; nothing of this machine's own settings.
    pub(crate) fn options(&self) -> SshOptions {
        SshOptions {
            port: Some(self.port),
            user: Some(self.user.clone()),
            private_key_file: Some(self.path("user").display().to_string()),
            ssh_args: Some("-F none -o IdentitiesOnly=yes".to_string()),
            common_args: format!("-o UserKnownHostsFile={}", self.path("known_hosts").display()),
            ..SshOptions::to("127.0.0.1")
        }
    }

    /// Options that log in with the password alone.
    pub(crate) fn with_password(&self, password: &str) -> SshOptions {
        SshOptions { private_key_file: None, password: Some(Secret::new(password)), ..self.options() }
            .without_keys()
    }

    pub(crate) fn target(&self) -> Target {
        Target::ssh("web", self.options())
    }

    /// Let the user do everything as anybody: `rule` stands before the commands.
    pub(crate) fn sudo(&self, rule: &str) {
        let file = format!("/etc/sudoers.d/{}", self.user);
        fs::write(&file, format!("{} ALL=(ALL:ALL) {rule} ALL\n", self.user)).unwrap();
        fs::set_permissions(&file, mode(0o440)).unwrap();
    }

    /// The user's folder.
    pub(crate) fn home(&self) -> PathBuf {
        PathBuf::from(format!("/home/{}", self.user))
    }
}

pub(crate) trait WithoutKeys {
    fn without_keys(self) -> Self;
}

impl WithoutKeys for SshOptions {
    fn without_keys(mut self) -> Self {
        self.ssh_args = Some(format!("{} -o PubkeyAuthentication=no", self.ssh_args.unwrap_or_default()));
        self
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_file(format!("/etc/sudoers.d/{}", self.user));
        let _ = Command::new("userdel").args(["-f", "-r", &self.user]).stderr(Stdio::null()).status();
    }
}

fn keygen(args: &[&str], path: &Path) {
    done(Command::new("ssh-keygen").arg("-q").args(args).arg("-f").arg(path));
}

pub(crate) fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
