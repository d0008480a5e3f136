"""The machine that is measured on: an ssh server of its own on the loopback, with throw-away keys."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path


class Machine:
    """Runs while the `with` block does. Logs in as the user who runs the script."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.user = getpass.getuser()
        self.port = free_port()
        self.process = None

    def __enter__(self):
        server = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if server is None:
            sys.exit("tests/bench/run needs an ssh server (Debian: apt install openssh-server)")
        for name in ("host", "user"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name]
            subprocess.run(key, check=True)
        shutil.copy(self.folder / "user.pub", self.folder / "authorized_keys")
        public = (self.folder / "host.pub").read_text()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public}")
        config = self.folder / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nPidFile none\nStrictModes no\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
        )
        if os.geteuid() == 0:
            # The server refuses to start as root without its empty folder.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = self.folder / "sshd.log"
        self.process = subprocess.Popen([server, "-D", "-f", config, "-E", log])
        for _ in range(100):
            if self.process.poll() is None and answers(self.port):
                return self
            time.sleep(0.05)
        self.__exit__()
        sys.exit(f"the ssh server does not answer: {log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def inventory(self, user: str | None = None) -> str:
        """An inventory of this machine alone."""
        return (
            f"bench ansible_host=127.0.0.1 ansible_port={self.port} ansible_user={user or self.user} "
            f"ansible_ssh_private_key_file={self.folder}/user "
            f"ansible_python_interpreter={target_python()}\n"
        )


def target_python() -> str:
    """The python that the measured machine has for ansible's modules."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
