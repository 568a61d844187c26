"""TPC-H, and a lineitem as it might be delivered: dirty, partly twice, in daily partitions."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

DAYS = 7
FILES_A_DAY = 2

# Multiplicative hashes of the key, so that the same rows are dirty everywhere and always.
SPOILT = "((l_orderkey * 7 + l_linenumber) * 2654435761 % 4294967296 >> 5) % 10000"
TWICE = "((l_orderkey * 11 + l_linenumber * 5) * 2246822519 % 4294967296 >> 7) % 100 = 7"
DAY = f"((l_orderkey * 3266489917) % 4294967296 >> 9) % {DAYS}"
FILE = f"((l_orderkey * 3266489917) % 4294967296 >> 13) % {FILES_A_DAY}"

# Of 10,000 rows: 50 without a quantity, 50 without a discount, 20 with a quantity out of range, and 50
# whose ship mode is in the wrong case or has blanks around it.
DIRTY = f"""
    select l_orderkey, l_partkey, l_suppkey, l_linenumber,
        case when spoilt < 50 then null when spoilt between 100 and 109 then -3.0
             when spoilt between 110 and 119 then 9999.0 else l_quantity::double end as l_quantity,
        l_extendedprice::double as l_extendedprice,
        case when spoilt between 50 and 99 then null else l_discount::double end as l_discount,
        l_tax::double as l_tax, l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct,
        case when spoilt between 120 and 136 then lower(l_shipmode)
             when spoilt between 137 and 153 then '  ' || l_shipmode
             when spoilt between 154 and 169 then lower(l_shipmode) || ' ' else l_shipmode end as l_shipmode,
        l_comment, day, file, twice
    from (select *, {SPOILT} as spoilt, {DAY} as day, {FILE} as file, {TWICE} as twice from read_parquet('{{}}'))
"""
PARQUET = "(format parquet, compression snappy, row_group_size 122880)"


def table(name: str) -> Callable[[duckdb.DuckDBPyConnection, Path, float], None]:
    """A table as TPC-H makes it, one file for each whole unit of scale."""

    def make(_: duckdb.DuckDBPyConnection, folder: Path, scale: float) -> None:
        tpchgen = Path(sys.executable).with_name("tpchgen-cli")
        parts = str(max(1, math.ceil(scale)))
        subprocess.run(
            [
                tpchgen,
                "parquet",
                "-s",
                f"{scale:g}",
                "-T",
                name,
                "-p",
                parts,
                "-o",
                folder.parent,
                "--overwrite",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return make


def lineitem_raw(connection: duckdb.DuckDBPyConnection, folder: Path, _: float) -> None:
    connection.execute(f"create view dirty as {DIRTY.format(folder.parent / 'lineitem' / '*.parquet')}")
    for day in range(DAYS):
        partition = folder / f"created_at=2024-03-{day + 1:02}"
        partition.mkdir()
        for file in range(FILES_A_DAY):
            rows = f"select * exclude (day, file, twice) from dirty where day = {day} and file = {file}"
            # What was delivered twice comes at the end of the file, as a late batch would.
            select = f"{rows} union all {rows} and twice"
            connection.execute(f"copy ({select}) to '{partition}/part-{file}.parquet' {PARQUET}")


def one_huge(connection: duckdb.DuckDBPyConnection, folder: Path, _: float) -> None:
    """All of it as one file of one day."""
    partition = folder / "created_at=2024-03-01"
    partition.mkdir()
    raw = f"read_parquet('{folder.parent}/lineitem_raw/*/*.parquet', hive_partitioning = false)"
    connection.execute(f"copy (select * from {raw}) to '{partition}/part-0.parquet' {PARQUET}")


def detail(connection: duckdb.DuckDBPyConnection, folder: Path, _: float) -> None:
    """What the full job writes, made here by one statement of DuckDB and sorted by key, so that the
    files do not favour whoever wrote them."""
    root = folder.parent
    connection.execute(
        f"""copy (
            with once as (
                select distinct on (l_orderkey, l_linenumber) *
                from read_parquet('{root}/lineitem_raw/*/*.parquet', hive_partitioning = true)
                where l_quantity is not null),
            cleaned as (
                select * replace (
                    least(greatest(l_quantity, 1.0), 50.0) as l_quantity, coalesce(l_discount, 0.0) as l_discount,
                    upper(trim(l_shipmode)) as l_shipmode)
                from once)
            select c.* exclude (created_at), l_extendedprice * (1 - l_discount) as revenue,
                o_orderdate, o_custkey, o_orderpriority, c_mktsegment, created_at
            from cleaned as c
            join read_parquet('{root}/orders/*.parquet') on o_orderkey = l_orderkey
            left join read_parquet('{root}/customer/*.parquet') on c_custkey = o_custkey
            order by created_at, l_orderkey, l_linenumber
        ) to '{folder}' (format parquet, compression zstd, compression_level 1, partition_by (created_at),
            row_group_size 122880, overwrite_or_ignore true)"""
    )
