"""Runs one command and measures its whole process tree.

    python -m harness.measure LIMITS.json STDOUT STDERR -- command …

Prints one JSON object. Processor time is exact: this process adopts every orphan of the tree and
collects each with wait4. Memory is sampled every 50 ms: `rss` is what the tree had mapped and
resident (shared pages once for each process that maps them, pages of mapped files included), `anon`
what it had allocated. What one process held at most is known exactly, however short it lived, and
`rss` is at least that. A tree that runs too long, allocates too much, or leaves the machine too
little memory is killed, so that the machine is not.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_EVERY_S = 0.05
KIB_PER_GB = 1e9 / 1024


@dataclass
class Watch:
    """What the sampling thread has seen of the tree below this process."""

    limit_s: float
    limit_gb: float
    keep_free_gb: float
    threads: int
    began: float = field(default_factory=time.monotonic)
    peak_rss_kib: int = 0
    peak_anon_kib: int = 0
    killed: str | None = None
    over: bool = False

    def run(self) -> None:
        while not self.over:
            tree = descendants(os.getpid())
            rss, anon = (sum(figures) for figures in zip((0, 0), *map(memory_kib, tree)))
            self.peak_rss_kib = max(self.peak_rss_kib, rss)
            self.peak_anon_kib = max(self.peak_anon_kib, anon)
            reason = self.reason_to_kill(anon)
            if reason:
                self.killed = self.killed or reason
                for pid in tree:
                    kill(pid)
            time.sleep(SAMPLE_EVERY_S)

    def reason_to_kill(self, anon_kib: int) -> str | None:
        if time.monotonic() - self.began > self.limit_s:
            return f"took longer than {self.limit_s:g} s"
        if anon_kib > self.limit_gb * KIB_PER_GB:
            return f"allocated more than {self.limit_gb:g} GB"
        if available_kib() < self.keep_free_gb * KIB_PER_GB:
            return f"left the machine less than {self.keep_free_gb:g} GB"
        return None


def descendants(root: int) -> list[int]:
    """Every process below `root`."""
    found: list[int] = []
    ahead = [root]
    while ahead:
        for children in Path(f"/proc/{ahead.pop()}/task").glob("*/children"):
            try:
                below = [int(pid) for pid in children.read_text().split()]
            except OSError:
                continue
            found += below
            ahead += below
    return found


def memory_kib(pid: int) -> tuple[int, int]:
    """Resident and allocated memory of a process; nothing for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    figures = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return int(figures.get("VmRSS", 0)), int(figures.get("RssAnon", 0))


def available_kib() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1])
    return sys.maxsize


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def start(command: list[str], stdout: str, stderr: str, cpus: int) -> int:
    """Forks the command, held to as many processors as it was given threads."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cpus])
        for descriptor, path in ((1, stdout), (2, stderr)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), descriptor)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def collect(pid: int, watch: Watch) -> tuple[int, float, float, float]:
    """Waits for the command and all it left: exit code, wall, user and system seconds."""
    began = watch.began
    user = system = wall = 0.0
    code = -1
    while True:
        try:
            ended, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return code, wall, user, system
        user += usage.ru_utime
        system += usage.ru_stime
        watch.peak_rss_kib = max(watch.peak_rss_kib, usage.ru_maxrss)
        if ended == pid:
            wall = time.monotonic() - began
            code = os.waitstatus_to_exitcode(status)
            for orphan in descendants(os.getpid()):
                kill(orphan)


def main(arguments: list[str]) -> None:
    limits, stdout, stderr = arguments[:3]
    watch = Watch(**json.loads(limits))
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    load = os.getloadavg()[0]
    pid = start(arguments[4:], stdout, stderr, watch.threads)
    sampler = threading.Thread(target=watch.run, daemon=True)
    sampler.start()
    code, wall, user, system = collect(pid, watch)
    watch.over = True
    print(
        json.dumps(
            {
                "exit_code": code,
                "killed": watch.killed,
                "wall_s": wall,
                "cpu_s": user + system,
                "user_s": user,
                "system_s": system,
                "peak_rss_gb": watch.peak_rss_kib / KIB_PER_GB,
                "peak_anon_gb": watch.peak_anon_kib / KIB_PER_GB,
                "load_before": load,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
