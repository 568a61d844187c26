"""What a contender is asked, and how it answers.

The harness starts each contender as `python -m contenders.NAME TASK.json`, in a process of its own
with a fresh output folder. The contender prints one JSON object as its last line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Task:
    """One job over one set of data."""

    job: str
    data: str  # folder of the datasets
    out: str  # fresh folder for outputs
    tmp: str  # fresh folder for spilling
    threads: int
    memory_gb: float  # what the memory guard grants
    pipeline: str  # Lockgate's file of the job: the one place where checks are stated
    vars: dict[str, str]
    phases: dict[str, float] = field(default_factory=dict)
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a part of the job."""
        began = time.monotonic()
        yield
        self.phases[name] = round(self.phases.get(name, 0.0) + time.monotonic() - began, 3)

    def output(self, name: str) -> str:
        """An empty folder for a dataset that the job writes."""
        folder = Path(self.out, name)
        folder.mkdir(parents=True)
        return str(folder)


# The jobs that only check: which checks of their pipeline, and over which folder of the data.
JUDGED = {
    "validate": ("detail", "detail"),
    "footers": ("lineitem", "lineitem_raw"),
    **{f"rules-{n}": ("wide", "wide") for n in (16, 64, 226)},
}


def judging(judge: Callable[[Task, str, str], None]) -> dict[str, Callable[[Task], None]]:
    """The jobs that only check, done by `judge` with the checks and the folder."""
    return {job: lambda task, asked=asked: judge(task, *asked) for job, asked in JUDGED.items()}


def answer(jobs: dict[str, Callable[[Task], None]]) -> None:
    """Does the job that the command line names, and prints what came of it."""
    task = Task(**json.loads(Path(sys.argv[1]).read_text()))
    began = time.monotonic()
    jobs[task.job](task)
    print(
        json.dumps(
            {
                "checks": task.checks,
                "missing": task.missing,
                "phases": task.phases,
                "after_start_s": time.monotonic() - began,
            },
            default=str,
        )
    )
