"""Who is measured: rustible of this tree, and ansible-core from the Python index in environments of its own."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CORE = "2.21.5"
MITOGEN = "0.3.54"
# What this Mitogen is tried on, newest first; the first that runs a task over it is taken.
CORES_FOR_MITOGEN = [CORE, "2.20.0", "2.19.4", "2.18.11"]

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rustible" / "bench"


@dataclass
class Rival:
    """A program that runs playbooks, and the environment it does that in."""

    key: str
    title: str
    command: list
    env: dict = field(default_factory=dict)


def rustible(program: str | None) -> Rival:
    if program is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "rustible"], cwd=ROOT, check=True)
        program = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release" / "rustible"
    words = subprocess.check_output([program, "--version"], text=True).splitlines()[0]
    return Rival("rustible", words, [program])


def ansible() -> Rival:
    folder = environment(CORE, None)
    return Rival("ansible", f"ansible-core {CORE}", [folder / "bin/ansible-playbook"])


def mitogen(works) -> Rival:
    """ansible-core with Mitogen: the newest of the list for which `works(rival)` says nothing is wrong."""
    for core in CORES_FOR_MITOGEN:
        folder = environment(core, MITOGEN)
        find = "import ansible_mitogen.plugins.strategy as s; print(s.__path__[0])"
        plugins = subprocess.check_output([folder / "bin/python", "-c", find], text=True).strip()
        env = {"ANSIBLE_STRATEGY_PLUGINS": plugins, "ANSIBLE_STRATEGY": "mitogen_linear"}
        title = f"Mitogen {MITOGEN}, ansible-core {core}"
        rival = Rival("mitogen", title, [folder / "bin/ansible-playbook"], env)
        wrong = works(rival)
        if wrong is None:
            return rival
        print(f"Mitogen {MITOGEN} does not run on ansible-core {core}: {wrong}", flush=True)
    sys.exit(f"Mitogen {MITOGEN} runs on none of ansible-core {', '.join(CORES_FOR_MITOGEN)}")


def environment(core: str, mitogen_version: str | None) -> Path:
    """The Python environment for these versions, made when it is not in the cache."""
    mark = re.sub(r"\W", "_", f"{core}-{mitogen_version or 'plain'}-{sys.version_info[0]}.{sys.version_info[1]}")
    folder = CACHE / mark
    if not (folder / "complete").exists():
        print(f"installing ansible-core {core}" + (f" and Mitogen {mitogen_version}" if mitogen_version else ""), flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        wanted = [f"ansible-core=={core}"] + ([f"mitogen=={mitogen_version}"] if mitogen_version else [])
        subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
        (folder / "complete").touch()
    return folder
