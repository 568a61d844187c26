"""DuckDB, asked for the footers as a table instead of for the rows."""

from __future__ import annotations

import duckdb

from contenders import footers
from contenders.task import Task, answer

# Statistics come as text; the physical type says how to read them, a name ending in `date` that it is one.
TYPES = {"l_shipdate": "date", "l_orderkey": "bigint"}


def read_footers(task: Task) -> None:
    connection = duckdb.connect()
    connection.execute(f"set threads = {task.threads}")
    chunks = f"parquet_metadata('{task.data}/lineitem_raw/*/*.parquet')"
    known = {}
    for name in footers.columns(task):
        as_type = f"::{TYPES.get(name, 'double')}"
        known[name] = footers.Known(
            *connection.execute(
                f"""select sum(stats_null_count)::bigint, min(stats_min_value{as_type}), max(stats_max_value{as_type})
                from {chunks} where path_in_schema = '{name}'"""
            ).fetchone()
        )
    (rows,) = connection.execute(
        f"select sum(num_values)::bigint from {chunks} where path_in_schema = 'l_orderkey'"
    ).fetchone()
    footers.judge(task, rows, known)


if __name__ == "__main__":
    answer({"footers": read_footers})
