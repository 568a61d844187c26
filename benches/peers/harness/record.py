"""Writes what was measured under `benches/runs/`, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness import machine, tables
from harness.catalogue import JOBS
from harness.rounds import Result, plain


def folder(runs: Path, about: dict[str, Any]) -> Path:
    """The folder of a recording: its day, commit and kind of machine."""
    return runs / f"{about['date']}-{about['commit']}-{machine.kind(about['machine'])}"


def write(to: Path, about: dict[str, Any], results: dict[str, list[Result]]) -> None:
    to.mkdir(parents=True, exist_ok=True)
    name = f"peers-scale-{about['scale']:g}"
    everything = about | {"jobs": {job: plain(of) for job, of in results.items()}}
    (to / f"{name}.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False, default=str) + "\n")
    (to / f"{name}.md").write_text(markdown(about, results))


def markdown(about: dict[str, Any], results: dict[str, list[Result]]) -> str:
    on = about["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        f"# Side by side, scale {about['scale']:g}",
        "",
        f"{about['date']}, commit {about['commit']}, binary {about['binary']}. {on['cpu']}, {on['cores']} cores, {on['memory_gb']} GB, "
        f"Linux {on['kernel']}, {on['system']}. Load average before: {about['load_before']:.2f}.",
        "",
        f"{about['threads']} threads each; medians of {about['rounds']} rounds; guard at {about['memory_gb']:g} GB and "
        f"{about['limit_s']:g} s; {about['files']} small files. Ratios are to Lockgate: above 1, Lockgate is faster or "
        "smaller. Peak memory counts mapped files too.",
        "",
        f"{versions}.",
        "",
    ]
    return "\n".join([*lines, *(tables.markdown(JOBS[job], of) for job, of in results.items())])
