"""Runs the contenders of a job in turn, several times, each in a fresh folder and a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contenders import checks
from harness import answers, lockgate
from harness.catalogue import LOCKGATE, UNCHECKED, Contender, Job, variables

TRIES = 2


@dataclass(frozen=True)
class Settings:
    """What is the same for all."""

    binary: Path
    pythons: dict[str, str]  # interpreters by requirements file
    data: dict[str, Path]  # roots of datasets by what their size counts
    scale: float
    work: Path  # outputs, spill and logs
    threads: int
    rounds: int
    limit_s: float
    memory_gb: float
    keep_free_gb: float


@dataclass
class Result:
    """What became of one contender in one job."""

    name: str
    runs: list[dict[str, Any]] = field(default_factory=list)  # measurements of the runs that ended well
    answer: dict[str, Any] = field(default_factory=dict)  # of the first such run
    failures: list[str] = field(default_factory=list)
    agreement: str = ""


def run(job: Job, peers: list[Contender], settings: Settings) -> list[Result]:
    """All rounds of a job. The order is rotated from round to round, so that nobody always follows the
    same one; a contender that has failed twice is not tried again."""
    read_inputs(job, settings)
    results = [Result(LOCKGATE), *(Result(peer.name) for peer in peers)]
    by_name = {peer.name: peer for peer in peers}
    for number in range(settings.rounds):
        place = number % len(results)
        for result in [*results[place:], *results[:place]]:
            if len(result.failures) < TRIES:
                one(job, by_name.get(result.name), result, settings)
                say(job, number, result)
    compare(job, results, settings)
    return results


def read_inputs(job: Job, settings: Settings) -> None:
    """Brings the input files into the page cache, for everybody alike."""
    for dataset in job.datasets:
        for path in sorted((settings.data[job.size] / dataset).rglob("*.parquet")):
            with path.open("rb") as file:
                while file.read(1 << 24):
                    pass


def one(job: Job, peer: Contender | None, result: Result, settings: Settings) -> None:
    """One run of one contender, measured; its answer is read from what it wrote."""
    folder = settings.work / job.name / result.name
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("out", "tmp"):
        (folder / name).mkdir(parents=True)
    measured = measure(command(job, peer, folder, settings), folder, settings)
    failure = told_failure(measured, peer, folder)
    answer = None if failure else read_answer(job, peer, folder)
    if answer is not None and is_unchecked(peer) and answer["checks"]:
        answer, failure = None, f"it has checks: {', '.join(answer['checks'])}"
    if answer is not None and is_unchecked(peer):
        answer["missing"] = [check.key for of in stated(job, settings).values() for check in of]
    if answer is None:
        result.failures.append(failure or f"no answer: {tail(folder / 'stdout')}")
    else:
        check_outputs(job, result, answer, folder, settings)
        measured["phases"] = answer["phases"]
        measured["after_start_s"] = answer["after_start_s"]
        measured["busy"] = answer.get("busy", {})
        result.runs.append(measured)
    shutil.rmtree(folder / "out")
    shutil.rmtree(folder / "tmp")


def command(job: Job, peer: Contender | None, folder: Path, settings: Settings) -> list[str]:
    data, out = str(settings.data[job.size]), str(folder / "out")
    bounds = variables(job, settings.scale)
    if peer is None or is_unchecked(peer):
        places = {"data": data} | ({"out": out} if job.outputs else {})
        pipeline = job.pipeline
        if peer is not None:
            pipeline = str(folder / "unchecked.yaml")
            Path(pipeline).write_text(lockgate.without_checks(job.pipeline))
        return lockgate.command(
            settings.binary, job, pipeline, places | bounds, settings.threads, settings.memory_gb
        )
    task = {
        "job": job.name,
        "data": data,
        "out": out,
        "tmp": str(folder / "tmp"),
        "threads": settings.threads,
        "memory_gb": settings.memory_gb,
        "pipeline": job.pipeline,
        "vars": {"data": data, "out": out} | bounds,
    }
    path = folder / "task.json"
    path.write_text(json.dumps(task))
    return [settings.pythons[peer.requirements], "-m", f"contenders.{peer.module or peer.name}", str(path)]


def is_unchecked(peer: Contender | None) -> bool:
    return peer is not None and peer.name == UNCHECKED


def measure(asked: list[str], folder: Path, settings: Settings) -> dict[str, Any]:
    # Nobody pays for what another left to be written to disk.
    os.sync()
    limits = {
        "limit_s": settings.limit_s,
        "limit_gb": settings.memory_gb,
        "keep_free_gb": settings.keep_free_gb,
        "threads": settings.threads,
    }
    measuring = [
        sys.executable,
        "-m",
        "harness.measure",
        json.dumps(limits),
        folder / "stdout",
        folder / "stderr",
        "--",
    ]
    told = subprocess.run([*measuring, *asked], check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


def told_failure(measured: dict[str, Any], peer: Contender | None, folder: Path) -> str | None:
    """Why a run did not end well, in one line; nothing if it did."""
    if measured["killed"]:
        return measured["killed"]
    if measured["exit_code"] == 0:
        return None
    if (peer is None or is_unchecked(peer)) and (told := lockgate.complaint((folder / "stdout").read_text())):
        return f"exit code {measured['exit_code']}: {told}"
    return f"exit code {measured['exit_code']}: {tail(folder / 'stderr') or tail(folder / 'stdout')}"


def tail(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def read_answer(job: Job, peer: Contender | None, folder: Path) -> dict[str, Any] | None:
    """The answer on standard output; none if it is not there or is about another kind of run."""
    text = (folder / "stdout").read_text()
    try:
        if peer is not None and not is_unchecked(peer):
            return json.loads(text.strip().splitlines()[-1])
        record = json.loads(text)
        return None if record["already_published"] else lockgate.answer(record)
    except (ValueError, IndexError, KeyError):
        return None


def check_outputs(job: Job, result: Result, answer: dict[str, Any], folder: Path, settings: Settings) -> None:
    """Reads what was written: all of it the first time, the number of rows later."""
    for output in job.outputs:
        written = folder / "out" / output.name
        try:
            if not result.runs:
                found = answers.fingerprint(written, output, settings.threads)
                answer.setdefault("outputs", {})[output.name] = found | size(written)
            elif (rows := answers.rows_written(written, settings.threads)) != result.answer["outputs"][
                output.name
            ]["rows"]:
                result.failures.append(f"wrote {rows} rows of {output.name} in a later round")
        except Exception as error:  # noqa: BLE001 — whatever cannot be read is a failure of its writer
            result.failures.append(f"{output.name} cannot be read: {error}"[:300])
    if not result.runs:
        result.answer = {"outputs": {}} | answer


def size(folder: Path) -> dict[str, int]:
    files = list(folder.rglob("*.parquet"))
    return {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}


def say(job: Job, number: int, result: Result) -> None:
    last = result.runs[-1] if result.runs else None
    if result.failures:
        print(f"{job.name} {number + 1} {result.name}: {result.failures[-1]}", flush=True)
    elif last:
        figures = f"{last['wall_s']:.2f} s, {last['cpu_s']:.2f} s CPU, {last['peak_rss_gb']:.2f} GB"
        print(f"{job.name} {number + 1} {result.name}: {figures}", flush=True)


def compare(job: Job, results: list[Result], settings: Settings) -> None:
    given = {
        result.name: {
            "outputs": {name: without_size(found) for name, found in result.answer["outputs"].items()},
            "checks": result.answer["checks"],
            "missing": result.answer["missing"],
        }
        for result in results
        if result.answer
    }
    allowed = answers.tolerances(stated(job, settings))
    # It is no second opinion: what it wrote is only compared with what Lockgate wrote with its checks.
    alike = {name: given[name] for name in (LOCKGATE, UNCHECKED) if name in given}
    said = answers.judge({name: answer for name, answer in given.items() if name != UNCHECKED}, allowed)
    said |= {name: how for name, how in answers.judge(alike, allowed).items() if name == UNCHECKED}
    for result in results:
        result.agreement = said.get(result.name, "no answer")


def stated(job: Job, settings: Settings) -> dict[str, list[checks.Check]]:
    """The checks of a job."""
    return checks.load(job.pipeline, {"data": "", "out": ""} | variables(job, settings.scale))


def without_size(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in ("files", "bytes")}


def plain(results: list[Result]) -> list[dict[str, Any]]:
    return [asdict(result) for result in results]
