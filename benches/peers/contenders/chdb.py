"""chDB, which is ClickHouse inside a process. LIMIT 1 BY deduplicates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chdb import session as chdb_session

from contenders import checks, checks_sql, tpch
from contenders.task import Task, answer, judging

DIALECT = checks_sql.Dialect(
    count_if="countIf({0})",
    matches="match({0}, '^({1})$')",
    stddev="stddevSampStable",
    correlation="corrStable",
    distinct="uniqCombined",
    length="lengthUTF8",
    quantiles="quantilesTDigest({1})({0})",
)


def settings(task: Task) -> dict[str, Any]:
    return {
        "max_threads": task.threads,
        "max_insert_threads": task.threads,
        "max_memory_usage": int(task.memory_gb * 0.9e9),
        "max_bytes_ratio_before_external_group_by": 0.4,
        "join_algorithm": "'parallel_hash,hash'",
        "use_hive_partitioning": 1,
        "schema_inference_make_columns_nullable": "'auto'",
        "use_structure_from_insertion_table_in_table_functions": 0,
        "output_format_json_quote_64bit_integers": 0,
        "output_format_parquet_compression_method": "'zstd'",
        "output_format_compression_level": 1,
        "output_format_parquet_write_bloom_filter": 0,
        "output_format_parquet_row_group_size": 1_000_000,
        "engine_file_truncate_on_insert": 1,
        "max_partitions_per_insert_block": 200,
    }


class Session:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.chdb = chdb_session.Session(task.tmp)
        for name, value in settings(task).items():
            self.run(f"set {name} = {value}")

    def run(self, statement: str) -> None:
        self.chdb.query(statement)

    def query(self, statement: str) -> checks_sql.Rows:
        lines = str(self.chdb.query(statement, "JSONEachRow")).splitlines()
        return [json.loads(line) for line in lines if line]

    def judge(self, on: str, table: str) -> None:
        asked = checks.load(self.task.pipeline, self.task.vars)[on]
        self.task.checks |= checks_sql.judge(asked, table, DIALECT, self.query)

    def source(self, name: str) -> str:
        return files(f"{self.task.data}/{name}")

    def write(self, select: str, to: str) -> None:
        """Writes `created_at=…` folders; the file name names the partition."""
        path = f"{to}/created_at={{_partition_id}}/part.parquet"
        self.run(f"insert into function file('{path}', 'Parquet') partition by created_at {select}")


def files(folder: str) -> str:
    inside = "created_at=*/*" if any(Path(folder).glob("created_at=*")) else "*"
    return f"file('{folder}/{inside}.parquet', 'Parquet')"


def cleaned() -> tuple[str, str]:
    """The select list of the cleaning steps, and the columns it gives under their own names: an alias
    may not hide the column it is made from."""
    made = {
        "l_quantity": "least(greatest(assumeNotNull(l_quantity), 1.0), 50.0)",
        "l_discount": "coalesce(l_discount, 0.0)",
        "l_shipmode": "upper(trimBoth(l_shipmode))",
    }
    inner = [f"{made[name]} as {name}_" if name in made else name for name in tpch.LINEITEM]
    outer = [f"{name}_ as {name}" if name in made else name for name in tpch.LINEITEM]
    revenue = "l_extendedprice * (1 - l_discount_) as revenue"
    return ", ".join([*inner, revenue, "created_at"]), ", ".join(outer)


def full(task: Task) -> None:
    session = Session(task)
    raw, detail, monthly = session.source("lineitem_raw"), task.output("detail"), task.output("by_month")
    with task.phase("raw checks"):
        session.judge("lineitem", raw)
    inner, outer = cleaned()
    rows = f"(select {inner} from {raw} where {tpch.KEPT} limit 1 by {', '.join(tpch.KEYS)})"
    priced = f"""(select o_orderkey, o_orderdate, o_custkey, o_orderpriority, c_mktsegment from {session.source("orders")} o
        left join (select c_custkey, c_mktsegment from {session.source("customer")}) c on c_custkey = o_custkey)"""
    with task.phase("transform and write"):
        session.write(
            f"""select {outer}, revenue, o_orderdate, o_custkey, o_orderpriority, c_mktsegment, created_at
            from {rows} r inner join {priced} p on o_orderkey = l_orderkey""",
            detail,
        )
    written = files(detail)
    with task.phase("checks"):
        session.judge("detail", written)
    with task.phase("aggregate"):
        select = tpch.by_month(written, "toDate32(toStartOfMonth(o_orderdate))")
        session.run(f"insert into function file('{monthly}/part.parquet', 'Parquet') {select}")


def rewrite(task: Task) -> None:
    session = Session(task)
    session.write(f"select * from {session.source('lineitem_raw')}", task.output("rewritten"))


def judge_source(task: Task, on: str, folder: str) -> None:
    session = Session(task)
    session.judge(on, session.source(folder))


if __name__ == "__main__":
    answer(
        {
            "full": full,
            "rewrite": rewrite,
            **judging(judge_source),
        }
    )
