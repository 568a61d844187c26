"""DuckDB, tuned by hand: insertion order is not kept, and the join order is stated where the planner
would build on the large side."""

from __future__ import annotations

import duckdb

from contenders import checks, checks_sql, shapes, tpch
from contenders.task import Task, answer, judging

DIALECT = checks_sql.Dialect(
    count_if="count_if({0})",
    matches="regexp_full_match({0}, '{1}')",
    stddev="stddev_samp",
    correlation="corr",
    distinct="approx_count_distinct",
    length="length",
    quantiles="approx_quantile({0}, [{1}])",
)
ZSTD = "format parquet, compression zstd, compression_level 1"
PARTITIONED = f"({ZSTD}, partition_by (created_at))"


class Session:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.connection = duckdb.connect()
        self.run(
            f"""set threads = {task.threads}; set preserve_insertion_order = false; set enable_progress_bar = false;
            set temp_directory = '{task.tmp}'; set memory_limit = '{task.memory_gb * 0.7}GB'"""
        )

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def query(self, statement: str) -> checks_sql.Rows:
        cursor = self.connection.execute(statement)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def judge(self, on: str, table: str) -> None:
        asked = checks.load(self.task.pipeline, self.task.vars)[on]
        self.task.checks |= checks_sql.judge(asked, table, DIALECT, self.query)

    def source(self, name: str) -> str:
        return f"read_parquet('{self.task.data}/{name}/**/*.parquet', hive_partitioning = true)"

    def written(self, folder: str) -> str:
        return f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"

    def copy(self, select: str, to: str, options: str = PARTITIONED) -> None:
        self.run(f"copy ({select}) to '{to}' {options}")

    def find_duplicates(self, raw: str, keys: list[str], kept: str) -> None:
        self.run(f"create temp table dup as {tpch.duplicate_keys(raw, keys, kept)}")
        # The planner takes the anti join for a large one and would build on the side that is large.
        self.run("set disabled_optimizers = 'join_order,build_side_probe_side'")


def full(task: Task) -> None:
    session = Session(task)
    raw, detail = session.source("lineitem_raw"), task.output("detail")
    with task.phase("raw checks"):
        session.judge("lineitem", raw)
    with task.phase("find duplicates"):
        session.find_duplicates(raw, tpch.KEYS, tpch.KEPT)
    with task.phase("transform and write"):
        rows = tpch.deduplicated(raw, tpch.cleaned(), tpch.KEYS, tpch.KEPT)
        session.copy(tpch.joined(rows, session.source("orders"), session.source("customer")), detail)
        session.run("reset disabled_optimizers")
    with task.phase("checks"):
        session.judge("detail", session.written(detail))
    with task.phase("aggregate"):
        to = f"{task.output('by_month')}/part.parquet"
        session.copy(tpch.by_month(session.written(detail)), to, f"({ZSTD})")


def rewrite(task: Task) -> None:
    session = Session(task)
    session.copy(f"select * from {session.source('lineitem_raw')}", task.output("rewritten"))


def judge_source(task: Task, on: str, folder: str) -> None:
    session = Session(task)
    session.judge(on, session.source(folder))


def shape(task: Task) -> None:
    """The jobs of `shapes`."""
    session, asked = Session(task), shapes.SHAPES[task.job]
    source, to = session.source(asked.source), task.output(asked.output)
    if asked.few_duplicates:
        with task.phase("find duplicates"):
            session.find_duplicates(source, asked.keys, asked.kept)
    with task.phase("transform and write"):
        session.copy(asked.select(source, session.source), to)
        session.run("reset disabled_optimizers")
    with task.phase("checks"):
        session.judge(asked.output, session.written(to))
    for name, select in asked.aggregates(session.written(to)):
        with task.phase("aggregate"):
            session.copy(select, f"{task.output(name)}/part.parquet", f"({ZSTD})")


if __name__ == "__main__":
    answer(
        {
            "full": full,
            "rewrite": rewrite,
            **judging(judge_source),
            **dict.fromkeys(shapes.SHAPES, shape),
        }
    )
