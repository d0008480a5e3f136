"""101 tasks over ssh to one machine: rustible, ansible-core, and ansible-core with Mitogen in turn, medians and ratios.

Ends with status 1 when rustible is less than 20 times as fast as ansible-core or 4 times as with Mitogen, when a run
fails, or when a task costs more than one round trip.
"""

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rivals
from machine import Machine
from rivals import Rival

TASKS = 101
FLOORS = {"ansible": 20.0, "mitogen": 4.0}


def playbook(tasks: int) -> str:
    """Tasks that differ, without loops: file, copy, lineinfile and command in turn. `dest` is where they work."""
    lines = ["- hosts: all", "  gather_facts: false", "  tasks:"]
    for n in range(tasks):
        match n % 4:
            case 0:
                body = f"file: {{path: '{{{{ dest }}}}/folder{n}', state: directory, mode: '0750'}}"
            case 1:
                body = f"copy: {{content: 'text {n}', dest: '{{{{ dest }}}}/folder{n - 1}/file', mode: '0640'}}"
            case 2:
                body = f"lineinfile: {{path: '{{{{ dest }}}}/folder{n - 2}/file', line: 'line {n}', regexp: '^line'}}"
            case _:
                body = f"command: test -s '{{{{ dest }}}}/folder{n - 3}/file'"
        lines.append(f"    - name: Task {n}\n      ansible.builtin.{body}")
        if n % 4 == 3:
            lines.append("      changed_when: false")
    return "\n".join(lines) + "\n"


class Bench:
    """The folder of a measurement, its playbooks, and how a run is started in it."""

    def __init__(self, folder: Path, machine: Machine):
        self.folder = folder
        self.inventory = folder / "inventory"
        self.inventory.write_text(machine.inventory())
        self.playbooks = {}
        for tasks in (1, TASKS):
            self.playbooks[tasks] = folder / f"tasks{tasks}.yml"
            self.playbooks[tasks].write_text(playbook(tasks))
        config = folder / "ansible.cfg"
        # Pipelining and a kept connection: the reference at its best.
        config.write_text(
            f"[defaults]\nremote_tmp = {folder}/remote\nlocal_tmp = {folder}/local\nretry_files_enabled = false\n"
            "[ssh_connection]\npipelining = true\n"
            f"ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={machine.known_hosts}\n"
            f"control_path_dir = {folder}/cp\n"
        )
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "RUSTIBLE_"))}
        self.env |= {"ANSIBLE_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def run(self, rival: Rival, tasks: int, expect: int | None, env: dict = {}):
        """Run the playbook; seconds and the process's output. `expect` is how many tasks must have changed."""
        command = [*rival.command, "-i", self.inventory, "-e", f"dest={self.dest(rival)}", self.playbooks[tasks]]
        began = time.perf_counter()
        done = subprocess.run(
            command, cwd=self.folder, env=self.env | rival.env | env, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - began
        recap = re.search(r"^bench\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=0\s+failed=0", done.stdout, re.M)
        right = done.returncode == 0 and recap and int(recap[1]) == tasks
        if not right or (expect is not None and int(recap[2]) != expect):
            raise WrongRun(f"{rival.title}: status {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
        return seconds, done

    def close(self):
        """End the ssh processes that keep connections open."""
        for kept in (self.folder / "cp").glob("*"):
            subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={kept}", "bench"], capture_output=True)

    def dest(self, rival: Rival) -> Path:
        return self.folder / f"dest-{rival.key}"

    def fresh(self, rival: Rival):
        """An empty folder to work in."""
        shutil.rmtree(self.dest(rival), ignore_errors=True)
        self.dest(rival).mkdir()

    def why_not(self, rival: Rival):
        """What is wrong with a rival: one line, or nothing."""
        self.fresh(rival)
        try:
            self.run(rival, 1, 1)
        except WrongRun as wrong:
            lines = [line for line in str(wrong).splitlines() if re.search(r"rror|fatal|nsupported", line)]
            return (lines or str(wrong).splitlines())[0][:200]
        return None


class WrongRun(Exception):
    """A run that did not end as it must."""


def check_round_trips(bench: Bench, rival: Rival) -> bool:
    """Whether the counters of the agent's protocol say one frame there and one back for a task."""
    counts = {}
    for tasks in (1, TASKS):
        bench.fresh(rival)
        _, done = bench.run(rival, tasks, None, {"RUSTIBLE_STATS": "1"})
        found = re.findall(
            r"^bench: frames sent (\d+), received (\d+), calls (\d+), connections (\d+)$", done.stderr, re.M
        )
        if len(found) != 1:
            print(f"no counters of the stream to the machine: {done.stderr}")
            return False
        counts[tasks] = [int(n) for n in found[0]]
        print("{} tasks: {} frames sent, {} received, {} calls, {} connection".format(tasks, *counts[tasks]))
    return counts == {tasks: [tasks, tasks, tasks, 1] for tasks in counts}


def table(title: str, times: dict, names: dict) -> dict:
    """Print medians beside each other; how many times longer each takes than rustible."""
    ours = statistics.median(times["rustible"])
    print(f"\n{title}")
    ratios = {}
    for key, seconds in times.items():
        median = statistics.median(seconds)
        ratios[key] = median / ours
        print(f"  {names[key]:42} {median * 1000:9.1f} ms   {min(seconds) * 1000:9.1f} to {max(seconds) * 1000:9.1f}"
              f"   {ratios[key]:7.1f} x")
    return ratios


def measure(bench: Bench, all_rivals: list, rounds: int) -> dict:
    """Times in seconds by what is measured and rival, taken in turn; one round before that is not counted."""
    kinds = ["first", "second", "one"]
    times = {kind: {rival.key: [] for rival in all_rivals} for kind in kinds}
    changing = sum(n % 4 != 3 for n in range(TASKS))
    for number in range(rounds + 1):
        for rival in all_rivals:
            bench.fresh(rival)
            if number == 0:
                bench.run(rival, 1, 1)
                continue
            taken = {
                "first": bench.run(rival, TASKS, changing)[0],
                "second": bench.run(rival, TASKS, None)[0],
                "one": bench.run(rival, 1, 0)[0],
            }
            for kind, seconds in taken.items():
                times[kind][rival.key].append(seconds)
        if number:
            shown = ", ".join(f"{key} {taken[-1]:.2f} s" for key, taken in times["first"].items())
            print(f"round {number}: {shown}", flush=True)
    return times


def start_times(all_rivals: list, rounds: int) -> dict:
    """Seconds that `--version` takes."""
    times = {rival.key: [] for rival in all_rivals}
    for _ in range(rounds):
        for rival in all_rivals:
            began = time.perf_counter()
            subprocess.run([*rival.command, "--version"], stdout=subprocess.DEVNULL, check=True)
            times[rival.key].append(time.perf_counter() - began)
    return times


def main() -> int:
    arguments = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="rounds that count, at least 5 for a verdict")
    arguments.add_argument("--rustible", metavar="PROGRAM", help="measure this one instead of building it")
    options = arguments.parse_args()
    ours, plain = rivals.rustible(options.rustible), rivals.ansible()
    with (
        tempfile.TemporaryDirectory(prefix="rustible-bench-") as name,
        Machine(Path(name)) as machine,
        contextlib.ExitStack() as ending,
    ):
        bench = Bench(Path(name), machine)
        ending.callback(bench.close)
        everyone = [ours, plain, rivals.mitogen(bench.why_not)]
        names = {rival.key: rival.title for rival in everyone}
        print("\n".join(["measured:", *(f"  {title}" for title in names.values())]), flush=True)
        one_trip = check_round_trips(bench, ours)
        times = measure(bench, everyone, options.rounds)
        starts = start_times(everyone[:2], max(options.rounds, 5))
    load = os.getloadavg()[0]
    print(f"\nmedians of {options.rounds} rounds; load {load:.1f} on {os.cpu_count()} processors")
    ratios = table(f"{TASKS} tasks, all of them new", times["first"], names)
    table(f"{TASKS} tasks, second run", times["second"], names)
    table("one task, nothing to do", times["one"], names)
    table("--version", starts, names)
    print()
    for key, floor in FLOORS.items():
        verdict = "reached" if ratios[key] >= floor else "MISSED"
        print(f"{verdict}: {ratios[key]:.1f} x {names[key]} (at least {floor:.0f} x)")
    print(f"{'reached' if one_trip else 'MISSED'}: one round trip for a task")
    if options.rounds < 5:
        print("fewer than 5 rounds: no verdict")
        return 1
    enough = all(ratios[key] >= floor for key, floor in FLOORS.items())
    return 0 if enough and one_trip else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WrongRun as wrong:
        sys.exit(f"a run did not end as it must: {wrong}")
