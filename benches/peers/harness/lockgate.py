"""Lockgate as a contender: where its binary is, how it is called, what its run record says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from contenders.checks import ROW_RULES, nth
from harness.catalogue import Job

# Names the partition of tables that have none of their own; fixed, so that runs are alike.
RUN_TIME = "2024-03-08"


def build(checkout: Path) -> Path:
    """Builds the binary as it is shipped, into the target directory in effect."""
    subprocess.run(["cargo", "build", "--release", "--workspace"], cwd=checkout, check=True)
    asked = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    metadata = subprocess.run(asked, cwd=checkout, check=True, capture_output=True, text=True)
    return Path(json.loads(metadata.stdout)["target_directory"], "release", "lockgate")


def version(binary: Path) -> str:
    told = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
    return told.stdout.split()[-1]


def command(
    binary: Path, job: Job, pipeline: str, variables: dict[str, str], threads: int, memory_gb: float
) -> list[str]:
    """The command line of a job by its pipeline file."""
    assigned = [part for name, value in variables.items() for part in ("--var", f"{name}={value}")]
    machine = ["--threads", str(threads), "--memory", f"{int(memory_gb * 700)}MB"]
    asked = [str(binary), job.command, pipeline, *assigned, *machine]
    return [*asked, "--format", "json", "--run-time", RUN_TIME]


def without_checks(pipeline: str) -> str:
    """The text of a pipeline file, its blocks of checks left out."""
    kept, inside = [], None
    for line in Path(pipeline).read_text().splitlines():
        depth = len(line) - len(line.lstrip())
        if inside is not None and line.strip() and depth <= inside:
            inside = None
        if inside is None and line.strip() == "checks:":
            inside = depth
        if inside is None:
            kept.append(line)
    return "\n".join([*kept, ""])


def answer(record: dict[str, Any]) -> dict[str, Any]:
    """What a run record says, in the form in which contenders answer."""
    seen: dict[str, int] = {}
    checks = {}
    for check in record["checks"]:
        key = nth(seen, f"{check['on']}.{check['rule']}({', '.join(check['columns'])})")
        checks[key] = {
            "ok": check["status"] in ("pass", "warn"),
            "value": figure(check),
            "from": check["answered_from"],
        }
    resources = record["resources"]
    return {
        "checks": checks,
        "missing": [],
        "phases": {name: round(spent / 1000, 3) for name, spent in resources["phases_ms"].items()},
        "busy": busy(record),
        "status": record["status"],
        "after_start_s": resources["elapsed_ms"] / 1000,
        "cpu_told_s": (resources["cpu_ms"] or 0) / 1000,
    }


def complaint(stdout: str) -> str | None:
    """What a run that did not publish says: its error, or the checks that failed."""
    try:
        said = json.loads(stdout)
    except ValueError:
        return None
    if errors := said.get("errors"):
        return json.dumps(errors[0], ensure_ascii=False)[:300]
    failed = [
        f"{check['id']}: {check['observed_text']}"
        for check in said["checks"]
        if check["status"] in ("fail", "error")
    ]
    return "; ".join(failed[:3])


def figure(check: dict[str, Any]) -> Any:
    """Failing rows for rules about rows, else what was observed."""
    if check["rule"] in ROW_RULES:
        return check["n_failed"]
    observed = check["observed"]
    return observed["psi"] if check["rule"] == "psi" else observed


def busy(record: dict[str, Any]) -> dict[str, float]:
    """Seconds that all workers spent on each table and step."""
    spent = {}
    for table in record["tables"]:
        in_steps = sum(step["busy_ms"] for step in table["steps"])
        for place, step in enumerate(table["steps"]):
            spent[f"{table['table']}.{place} {step['step']}"] = round(step["busy_ms"] / 1000, 3)
        spent[f"{table['table']} checks"] = round((table["busy_ms"] - in_steps) / 1000, 3)
    return spent
