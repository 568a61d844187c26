"""Spark in one process of the machine, rules about rows measured while writing as Deequ's users do it."""

from __future__ import annotations

import re
import sys
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contenders import checks, checks_sql, tpch
from contenders.task import Task, answer

DIALECT = checks_sql.Dialect(
    count_if="count_if({0})",
    matches="{0} rlike '^({1})$'",
    stddev="stddev_samp",
    correlation="corr",
    distinct="approx_count_distinct",
    length="length",
    quantiles="percentile_approx({0}, array({1}), 1000)",
)


class Session:
    dialect = DIALECT

    def __init__(self, task: Task) -> None:
        self.task = task
        self.spark = self.connect(task)
        for name in ("lineitem_raw", "orders", "customer", "detail"):
            self.view(name, f"{task.data}/{name}")

    def connect(self, task: Task) -> SparkSession:
        session = (
            SparkSession.builder.master(f"local[{task.threads}]")
            .config("spark.driver.memory", f"{int(task.memory_gb * 0.65)}g")
            .config("spark.driver.extraJavaOptions", "-XX:+UseParallelGC")
            .config("spark.ui.enabled", "false")
            .config("spark.local.dir", task.tmp)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.ansi.doubleQuotedIdentifiers", "true")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.sql.parquet.compression.codec", "zstd")
            .config("spark.hadoop.parquet.compression.codec.zstd.level", "1")
            .config("spark.sql.parquet.aggregatePushdown", "true")
            .config("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", "2")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        return session

    def view(self, name: str, folder: str) -> DataFrame | None:
        """A folder of Parquet as a view, if it is there."""
        try:
            rows = self.spark.read.parquet(folder)
        except Exception:  # noqa: BLE001 — the job at hand may not need it
            return None
        rows.createOrReplaceTempView(name)
        return rows

    def query(self, statement: str) -> checks_sql.Rows:
        return [row.asDict() for row in self.spark.sql(statement).collect()]

    def judge(self, on: str, view: str) -> None:
        asked = checks.load(self.task.pipeline, self.task.vars)[on]
        self.task.checks |= checks_sql.judge(asked, view, self.dialect, self.query)

    def duplicates(self) -> DataFrame:
        """The few keys that occur more than once, held in memory."""
        found = self.spark.sql(tpch.duplicate_keys("lineitem_raw", tpch.KEYS, tpch.KEPT)).cache()
        found.count()
        return found


def write(rows: DataFrame, to: str) -> None:
    rows.write.mode("overwrite").option("compression", "zstd").partitionBy("created_at").parquet(to)


def cleaned(session: Any) -> DataFrame:
    """One row of each key: the few keys that occur twice are broadcast."""
    # Without a suffix they are decimals, and Sail would make the columns decimals too.
    columns = re.sub(r"\b(\d+\.\d+)\b", r"\1D", tpch.cleaned())
    rows = session.spark.sql(f"select {columns} from lineitem_raw where {tpch.KEPT}")
    repeated = F.broadcast(session.duplicates().toDF(*tpch.KEYS))
    several = rows.join(repeated, tpch.KEYS, "left_semi").dropDuplicates(tpch.KEYS)
    return rows.join(repeated, tpch.KEYS, "left_anti").unionByName(several)


def full(session: Any) -> None:
    task = session.task
    with task.phase("raw checks"):
        session.judge("lineitem", "lineitem_raw")
    with task.phase("find duplicates"):
        cleaned(session).createOrReplaceTempView("cleaned")
    detail, monthly = task.output("detail"), task.output("by_month")
    with task.phase("transform and write"):
        write(session.spark.sql(tpch.joined("cleaned", "orders", "customer")), detail)
    session.view("written", detail)
    with task.phase("checks"):
        session.judge("detail", "written")
    with task.phase("aggregate"):
        session.spark.sql(tpch.by_month("written")).coalesce(1).write.mode("overwrite").parquet(monthly)


def rewrite(session: Any) -> None:
    write(session.spark.table("lineitem_raw"), session.task.output("rewritten"))


def jobs(session: type[Session]) -> dict[str, Any]:
    """What Spark does, for it and for what speaks its protocol."""
    done = {
        "full": full,
        "rewrite": rewrite,
        "validate": lambda opened: opened.judge("detail", "detail"),
        "footers": lambda opened: opened.judge("lineitem", "lineitem_raw"),
    }
    return {name: lambda task, job=job: job(session(task)) for name, job in done.items()}


if __name__ == "__main__":
    answer(jobs(Session))
    sys.stdout.flush()
