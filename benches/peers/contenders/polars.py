"""Polars: the streaming engine throughout, no order kept, statistics read back from what was written."""

from __future__ import annotations

import os
import sys
import json
from pathlib import Path

TASK = json.loads(Path(sys.argv[1]).read_text())
# Both are read once, when Polars is loaded.
os.environ["POLARS_MAX_THREADS"] = str(TASK["threads"])
os.environ["POLARS_OOC_MEMORY_BUDGET_MB"] = str(int(TASK["memory_gb"] * 530))

import polars as pl  # noqa: E402

from contenders import checks, checks_polars, shapes, tpch  # noqa: E402
from contenders.task import Task, answer, judging  # noqa: E402

col = pl.col
ZSTD = {"compression": "zstd", "compression_level": 1, "engine": "streaming"}


def scan(folder: str) -> pl.LazyFrame:
    return pl.scan_parquet(folder, hive_partitioning=True)


def write(rows: pl.LazyFrame, to: str) -> None:
    by_day = pl.PartitionBy(to, key="created_at", include_key=False, approximate_bytes_per_file=None)
    rows.sink_parquet(by_day, mkdir=True, maintain_order=False, **ZSTD)


def judge(task: Task, on: str, rows: pl.LazyFrame, *also: pl.LazyFrame) -> None:
    asked = checks.load(task.pipeline, task.vars)[on]
    task.checks |= checks_polars.judge(asked, rows, *also)


def deduplicated(task: Task, rows: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """One row of each key where few occur twice: a narrow pass finds those, and only they meet `unique`."""
    with task.phase("find duplicates"):
        repeated = rows.group_by(keys).len().filter(col("len") > 1).select(keys)
        repeated = repeated.collect(engine="streaming").lazy()
    alone = rows.join(repeated, on=keys, how="anti", maintain_order="none")
    several = rows.join(repeated, on=keys, how="semi", maintain_order="none")
    return pl.concat([alone, several.unique(subset=keys, keep="any", maintain_order=False)], how="vertical")


def cleaned_lineitem(raw: pl.LazyFrame) -> pl.LazyFrame:
    return (
        raw.filter(col("l_quantity").is_not_null())
        .with_columns(
            col("l_shipmode").str.strip_chars(" ").str.to_uppercase(),
            col("l_discount").fill_null(0.0),
            col("l_quantity").clip(1.0, 50.0),
        )
        .with_columns((col("l_extendedprice") * (1 - col("l_discount"))).alias("revenue"))
    )


def by_month(detail: pl.LazyFrame) -> pl.LazyFrame:
    return detail.group_by(
        "o_orderpriority", "c_mktsegment", col("o_orderdate").dt.truncate("1mo").alias("month")
    ).agg(
        pl.len().alias("n"),
        col("l_quantity").sum().alias("sum_qty"),
        col("revenue").sum().alias("sum_rev"),
        col("l_discount").mean().alias("avg_disc"),
    )


def full(task: Task) -> None:
    raw = scan(f"{task.data}/lineitem_raw")
    with task.phase("raw checks"):
        judge(task, "lineitem", raw)
    clean = deduplicated(task, cleaned_lineitem(raw), tpch.KEYS)
    orders = pl.scan_parquet(f"{task.data}/orders").select(
        col("o_orderkey").alias("l_orderkey"), "o_orderdate", "o_custkey", "o_orderpriority"
    )
    customers = pl.scan_parquet(f"{task.data}/customer").select(
        col("c_custkey").alias("o_custkey"), "c_mktsegment"
    )
    detail = (
        clean.join(orders, on="l_orderkey", how="inner", maintain_order="none")
        .join(customers, on="o_custkey", how="left", maintain_order="none")
        .select(
            [
                *tpch.LINEITEM,
                "revenue",
                "o_orderdate",
                "o_custkey",
                "o_orderpriority",
                "c_mktsegment",
                "created_at",
            ]
        )
    )
    to, monthly = task.output("detail"), task.output("by_month")
    with task.phase("transform and write"):
        write(detail, to)
    with task.phase("checks and aggregate"):
        written = scan(to)
        judge(
            task,
            "detail",
            written,
            by_month(written).sink_parquet(f"{monthly}/part.parquet", lazy=True, **ZSTD),
        )


def rewrite(task: Task) -> None:
    write(scan(f"{task.data}/lineitem_raw"), task.output("rewritten"))


def wide(task: Task, rows: pl.LazyFrame) -> pl.LazyFrame:
    clean = rows.filter(col("i000").is_not_null()).with_columns(
        col(shapes.wide_columns("i")).fill_null(0),
        col(shapes.wide_columns("d")).clip(0.0, 1000.0),
        col(shapes.wide_columns("s")).str.strip_chars(" ").str.to_uppercase(),
    )
    return deduplicated(task, clean, ["id"])


def strings(task: Task, rows: pl.LazyFrame) -> pl.LazyFrame:
    clean = rows.filter(col("body").is_not_null()).with_columns(
        col("email").str.to_lowercase(), col("title").str.strip_chars(" ")
    )
    return deduplicated(task, clean, ["url"])


def skew(task: Task, rows: pl.LazyFrame) -> pl.LazyFrame:
    accounts = pl.scan_parquet(f"{task.data}/accounts")
    joined = rows.join(accounts, on="account", how="left", maintain_order="none")
    return joined.select("id", "account", "amount", "note", "segment", "region", "created_at")


def by_account(joined: pl.LazyFrame) -> pl.LazyFrame:
    return joined.group_by("account", "region").agg(pl.len().alias("n"), col("amount").sum().alias("total"))


def shape(task: Task) -> None:
    """The jobs of `shapes`."""
    asked = shapes.SHAPES[task.job]
    made = {
        "wide": wide,
        "strings": strings,
        "skew": skew,
        "small_files": lambda _, rows: rows,
        "one_huge": lambda _, rows: cleaned_lineitem(rows),
        "all_duplicates": lambda _, rows: rows.unique(subset=asked.keys, keep="any", maintain_order=False),
    }[task.job](task, scan(f"{task.data}/{asked.source}"))
    to = task.output(asked.output)
    with task.phase("transform and write"):
        write(made, to)
    with task.phase("checks"):
        written, also = scan(to), []
        if task.job == "skew":
            path = f"{task.output('by_account')}/part.parquet"
            also = [by_account(written).sink_parquet(path, lazy=True, **ZSTD)]
        judge(task, asked.output, written, *also)


if __name__ == "__main__":
    answer(
        {
            "full": full,
            "rewrite": rewrite,
            **judging(lambda task, on, folder: judge(task, on, scan(f"{task.data}/{folder}"))),
            **dict.fromkeys(shapes.SHAPES, shape),
        }
    )
