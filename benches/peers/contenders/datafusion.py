"""DataFusion, from Python: partitions as wide as the threads, and a fair pool that spills."""

from __future__ import annotations

import os

from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext

from contenders import checks, checks_sql, shapes, tpch
from contenders.task import Task, answer, judging

DIALECT = checks_sql.Dialect(
    count_if="count(*) filter (where {0})",
    matches="({0} ~ '^({1})$')",
    stddev="stddev_samp",
    correlation="corr",
    distinct="approx_distinct",
    length="character_length",
    quantiles="",
    quantile="approx_percentile_cont({1}) within group (order by {0})",
)
PARTITIONED = (
    "stored as parquet partitioned by (created_at) "
    "options ('format.compression' 'zstd(1)', 'execution.keep_partition_by_columns' 'false')"
)
ONE_FILE = "stored as parquet options ('format.compression' 'zstd(1)')"
# Partition columns arrive as dictionaries, which a UNION would not keep.
CREATED_AT = "arrow_cast(created_at, 'Utf8View') as created_at"


class Session:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.known: set[str] = set()
        config = (
            SessionConfig()
            .with_target_partitions(task.threads)
            .set("datafusion.execution.parquet.pushdown_filters", "false")
            .set("datafusion.execution.listing_table_ignore_subdirectory", "false")
            .set("datafusion.optimizer.prefer_existing_sort", "false")
        )
        runtime = RuntimeEnvBuilder().with_disk_manager_specified(task.tmp)
        self.context = SessionContext(config, runtime.with_fair_spill_pool(int(task.memory_gb * 0.8e9)))

    def run(self, statement: str) -> None:
        self.context.sql(statement).collect()

    def query(self, statement: str) -> checks_sql.Rows:
        return self.context.sql(statement).to_pylist()

    def judge(self, on: str, table: str) -> None:
        asked = checks.load(self.task.pipeline, self.task.vars)[on]
        self.task.checks |= checks_sql.judge(asked, table, DIALECT, self.query)

    def table(self, name: str, folder: str) -> str:
        """A folder as a table, partitioned if it holds `created_at=…` folders."""
        if name not in self.known:
            self.known.add(name)
            hive = any(entry.startswith("created_at=") for entry in os.listdir(folder))
            partitioned = "partitioned by (created_at)" if hive else ""
            self.run(f"create external table {name} stored as parquet {partitioned} location '{folder}/'")
        return name

    def source(self, name: str) -> str:
        return self.table(name, f"{self.task.data}/{name}")

    def copy(self, select: str, to: str, options: str = PARTITIONED) -> None:
        self.run(f"copy ({select}) to '{to}' {options}")

    def find_duplicates(self, raw: str, keys: list[str], kept: str) -> None:
        batches = self.context.sql(tpch.duplicate_keys(raw, keys, kept)).collect()
        self.context.register_record_batches("dup", [batches])


def full(task: Task) -> None:
    session = Session(task)
    raw, detail = session.source("lineitem_raw"), task.output("detail")
    with task.phase("raw checks"):
        session.judge("lineitem", raw)
    with task.phase("find duplicates"):
        session.find_duplicates(raw, tpch.KEYS, tpch.KEPT)
    with task.phase("transform and write"):
        rows = tpch.deduplicated(raw, tpch.cleaned(CREATED_AT), tpch.KEYS, tpch.KEPT, "left")
        session.copy(tpch.joined(rows, session.source("orders"), session.source("customer")), f"{detail}/")
    written = session.table("written", detail)
    with task.phase("checks"):
        session.judge("detail", written)
    with task.phase("aggregate"):
        session.copy(tpch.by_month(written), f"{task.output('by_month')}/part.parquet", ONE_FILE)


def rewrite(task: Task) -> None:
    session = Session(task)
    session.copy(f"select * from {session.source('lineitem_raw')}", f"{task.output('rewritten')}/")


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
        select = asked.select(source, session.source, CREATED_AT, "left", tpch.numbered)
        session.copy(select, f"{to}/")
    written = session.table("written", to)
    with task.phase("checks"):
        session.judge(asked.output, written)
    for name, select in asked.aggregates(written):
        with task.phase("aggregate"):
            session.copy(select, f"{task.output(name)}/part.parquet", ONE_FILE)


if __name__ == "__main__":
    answer(
        {
            "full": full,
            "rewrite": rewrite,
            **judging(judge_source),
            **dict.fromkeys(shapes.SHAPES, shape),
        }
    )
