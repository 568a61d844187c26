"""The side by side: makes what is missing, runs everybody, prints and records what came out."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import datasets, lockgate, machine, record, rounds, tables
from harness.catalogue import JOBS, LOCKGATE, PEERS, Contender, Job, peers_of

PEERS_FOLDER = Path(__file__).resolve().parent.parent
CHECKOUT = PEERS_FOLDER.parent.parent
CACHE = Path(os.environ.get("LOCKGATE_CACHE", Path.home() / ".cache" / "lockgate"))
SYSTEM_NEEDS_GB = 1.5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benches/peers/run", description="Lockgate and its peers, side by side."
    )
    optional = [peer.name for peer in PEERS if peer.optional]
    parser.add_argument(
        "--jobs", type=names(JOBS), default=list(JOBS), help=f"of {', '.join(JOBS)}; all if left out"
    )
    parser.add_argument("--scale", type=float, default=1, help="of TPC-H and of the other data (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contender (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="for each contender (default 2)")
    parser.add_argument(
        "--files", type=int, default=2000, help="small files of the job small_files (default 2000)"
    )
    parser.add_argument(
        "--only", type=names([LOCKGATE, *(peer.name for peer in PEERS)]), help="these contenders and Lockgate"
    )
    parser.add_argument(
        "--with", dest="also", type=names(optional), default=[], help=f"also of {', '.join(optional)}"
    )
    parser.add_argument("--lockgate", type=Path, help="a binary; built from the checkout if left out")
    parser.add_argument(
        "--data", type=Path, default=CACHE / "bench" / "data", help="where data is kept (default: cache)"
    )
    parser.add_argument(
        "--work", type=Path, default=CACHE / "bench" / "work", help="for outputs and logs (default: cache)"
    )
    parser.add_argument(
        "--limit", type=float, default=1500, help="seconds after which a contender is killed (default 1500)"
    )
    most = round(machine.memory_gb() * 0.7, 1)
    parser.add_argument(
        "--memory", type=float, default=most, help=f"GB at which it is killed (default here: {most})"
    )
    parser.add_argument("--record", action="store_true", help="keep what came out under benches/runs/")
    given = parser.parse_args()
    if given.lockgate and not called_from(given.lockgate).is_file():
        parser.error(f"{given.lockgate} is not there")
    return given


def names(known: Any) -> Any:
    """Parses a list of names with commas between them."""

    def parse(text: str) -> list[str]:
        # A name stands for all that it is the beginning of, as `rules` for `rules-16`.
        wanted = [full for name in text.split(",") for full in expand(name)]
        if unknown := [name for name in wanted if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return wanted

    def expand(name: str) -> list[str]:
        return [name] if name in known else [one for one in known if one.startswith(f"{name}-")] or [name]

    return parse


def take_part(job: Job, given: argparse.Namespace) -> list[Contender]:
    wanted = set(given.also) | set(given.only or ())
    return [peer for peer in peers_of(job, wanted) if given.only is None or peer.name in given.only]


def pythons(peers: list[Contender]) -> dict[str, str]:
    """The interpreters of the environments that are needed, made if they are missing."""
    made = {}
    for requirements in sorted({peer.requirements for peer in peers}):
        told = subprocess.run(
            [PEERS_FOLDER / "setup", requirements], check=True, stdout=subprocess.PIPE, text=True
        )
        made[requirements] = told.stdout.strip()
    return made


def make_data(jobs: list[Job], given: argparse.Namespace) -> dict[str, Path]:
    """Makes the datasets of the jobs where they are missing; their roots by what size means."""
    sizes = {"scale": given.scale, "files": given.files}
    roots = {kind: called_from(given.data) / f"{kind}-{size:g}" for kind, size in sizes.items()}
    for job in jobs:
        for dataset in job.datasets:
            datasets.ensure(roots[job.size], dataset, sizes[job.size], given.threads)
    return roots


def called_from(path: Path) -> Path:
    """A path as whoever called meant it; `run` has changed the folder."""
    return Path(os.environ.get("PEERS_CALLED_FROM", "."), path).resolve()


def main() -> None:
    given = arguments()
    load_before = os.getloadavg()[0]
    jobs = [JOBS[name] for name in given.jobs]
    peers = {job.name: take_part(job, given) for job in jobs}
    everybody = list({peer.name: peer for of in peers.values() for peer in of}.values())
    binary = called_from(given.lockgate) if given.lockgate else lockgate.build(CHECKOUT)
    environments = pythons(everybody)
    settings = rounds.Settings(
        binary=binary,
        pythons=environments,
        data=make_data(jobs, given),
        scale=given.scale,
        work=called_from(given.work),
        threads=given.threads,
        rounds=given.rounds,
        limit_s=given.limit,
        memory_gb=given.memory,
        keep_free_gb=SYSTEM_NEEDS_GB,
    )
    on = machine.describe()
    versions = {LOCKGATE: lockgate.version(binary)}
    for peer in everybody:
        versions |= machine.package_versions(environments[peer.requirements], list(peer.packages))
    about = {
        "date": datetime.date.today().isoformat(),
        "commit": machine.commit(CHECKOUT),
        "machine": on,
        "binary": "given" if given.lockgate else "built",
        "load_before": load_before,
        "versions": versions,
    } | {key: getattr(given, key) for key in ("scale", "files", "rounds", "threads")}
    about |= {"memory_gb": given.memory, "limit_s": given.limit}
    results = {}
    for job in jobs:
        results[job.name] = rounds.run(job, peers[job.name], settings)
        print(tables.text(job, results[job.name]), flush=True)
    if given.record:
        to = record.folder(CHECKOUT / "benches" / "runs", about)
        record.write(to, about, results)
        print(f"\nrecorded in {to.relative_to(CHECKOUT)}")
    sys.exit(1 if any(failed(of) for of in results.values()) else 0)


def failed(results: list[rounds.Result]) -> bool:
    """Whether a contender failed or gave another answer: then figures are not to be relied on."""
    return any(result.failures or not result.agreement.startswith(("same", "alone")) for result in results)


if __name__ == "__main__":
    main()
