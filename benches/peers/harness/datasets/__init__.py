"""The data of the jobs: made once, always the same, kept outside the checkout.

A dataset is a folder below a root that is named after its size. It is complete once the file
`NAME.ready` stands beside it, which names what made it; a dataset made by other code is made anew.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from harness.datasets import dirty_tpch, shapes


@dataclass(frozen=True)
class Dataset:
    """How a dataset is made."""

    make: Callable[[duckdb.DuckDBPyConnection, Path, float], None]  # writes root/name at a size
    module: object  # whose source text is its version
    needs: tuple[str, ...] = ()


DATASETS = {
    "lineitem": Dataset(dirty_tpch.table("lineitem"), dirty_tpch),
    "orders": Dataset(dirty_tpch.table("orders"), dirty_tpch),
    "customer": Dataset(dirty_tpch.table("customer"), dirty_tpch),
    "lineitem_raw": Dataset(dirty_tpch.lineitem_raw, dirty_tpch, ("lineitem",)),
    "detail": Dataset(dirty_tpch.detail, dirty_tpch, ("lineitem_raw", "orders", "customer")),
    "one_huge": Dataset(dirty_tpch.one_huge, dirty_tpch, ("lineitem_raw",)),
    "wide": Dataset(shapes.wide, shapes),
    "pages": Dataset(shapes.pages, shapes),
    "events": Dataset(shapes.events, shapes),
    "facts": Dataset(shapes.facts, shapes),
    "accounts": Dataset(shapes.accounts, shapes),
    "deliveries": Dataset(shapes.deliveries, shapes),
}


def ensure(root: Path, name: str, size: float, threads: int) -> bool:
    """Makes a dataset and what it needs, unless it is there. Says whether anything was made."""
    dataset = DATASETS[name]
    # What a dataset is made from is made again first.
    renewed = [ensure(root, needed, size, threads) for needed in dataset.needs]
    version = hashlib.sha256(Path(dataset.module.__file__).read_bytes()).hexdigest()
    ready = root / f"{name}.ready"
    if ready.exists() and ready.read_text() == version and not any(renewed):
        return False
    print(f"making {root.name}/{name}", flush=True)
    ready.unlink(missing_ok=True)
    shutil.rmtree(root / name, ignore_errors=True)
    (root / name).mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set preserve_insertion_order = true")
    connection.execute(f"set enable_progress_bar = false; set temp_directory = '{root / 'spill'}'")
    dataset.make(connection, root / name, size)
    connection.close()
    shutil.rmtree(root / "spill", ignore_errors=True)
    ready.write_text(version)
    return True
