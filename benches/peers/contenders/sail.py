"""Sail: what Spark does, on DataFusion, through Spark Connect."""

from __future__ import annotations

import dataclasses
import os
import sys

from pysail.spark import SparkConnectServer
from pyspark.sql import DataFrame, SparkSession

from contenders import spark, tpch
from contenders.task import Task, answer


class Session(spark.Session):
    dialect = dataclasses.replace(spark.DIALECT, quantiles="", quantile="approx_percentile({0}, {1})")

    def connect(self, _: Task) -> SparkSession:
        self.server = SparkConnectServer()
        self.server.start(background=True)
        _, port = self.server.listening_address
        return SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()

    def duplicates(self) -> DataFrame:
        """Sail does not cache frames: the keys make a round trip."""
        found = self.spark.sql(tpch.duplicate_keys("lineitem_raw", tpch.KEYS, tpch.KEPT)).toPandas()
        return self.spark.createDataFrame(found)


if __name__ == "__main__":
    answer(spark.jobs(Session))
    sys.stdout.flush()
    os._exit(0)  # the server has no orderly end
