"""What is compared: the jobs, and who takes part in each."""

from __future__ import annotations

from dataclasses import dataclass

LOCKGATE = "lockgate"
UNCHECKED = "lockgate-unchecked"  # the same without any check: what these cost is the difference
RULES = ("rules-16", "rules-64", "rules-226")
SHAPES = ("wide", "strings", "small_files", "one_huge", "skew", "all_duplicates")


@dataclass(frozen=True)
class Output:
    """A dataset that a job writes, and how the files of several contenders are compared."""

    name: str
    exact: bool = (
        True  # floats are computed row by row; if not, they are sums and may differ in the last digits
    )


@dataclass(frozen=True)
class Job:
    """One thing to do, for everybody on the same data."""

    name: str
    about: str
    datasets: tuple[str, ...]
    outputs: tuple[Output, ...] = ()
    size: str = "scale"  # or "files": what the size of its data counts

    @property
    def pipeline(self) -> str:
        return f"pipelines/{self.name}.yaml"

    @property
    def command(self) -> str:
        """What Lockgate is asked: a job that writes nothing only checks."""
        return "run" if self.outputs else "validate"


JOBS = {
    job.name: job
    for job in (
        Job(
            "full",
            "check raw rows, clean, deduplicate, join, check, write the detail and an aggregate",
            ("lineitem_raw", "orders", "customer"),
            (Output("detail"), Output("by_month", exact=False)),
        ),
        Job("rewrite", "decode, encode as zstd 1, partition", ("lineitem_raw",), (Output("rewritten"),)),
        Job("validate", "the checks of the full job on its written detail", ("detail",)),
        Job("footers", "rows, nulls, smallest and largest of six columns", ("lineitem_raw",)),
        *(Job(name, f"{name[6:]} checks on one wide table", ("wide",)) for name in RULES),
        Job("wide", "clean and deduplicate 300 columns", ("wide",), (Output("cleaned"),)),
        Job("strings", "long texts, keys that are texts", ("pages",), (Output("cleaned"),)),
        Job(
            "small_files",
            "files of about 1 MB become one a day",
            ("events",),
            (Output("compacted"),),
            size="files",
        ),
        Job("one_huge", "clean one file of one partition", ("one_huge",), (Output("cleaned"),)),
        Job(
            "skew",
            "join and aggregate by a key that half the rows share",
            ("facts", "accounts"),
            (Output("joined"), Output("by_account", exact=False)),
        ),
        Job("all_duplicates", "every row was delivered four times", ("deliveries",), (Output("once"),)),
    )
}


@dataclass(frozen=True)
class Contender:
    """A peer, run as `python -m contenders.MODULE` in the environment of a requirements file."""

    name: str
    requirements: str
    packages: tuple[str, ...]  # whose versions are told
    jobs: tuple[str, ...]
    module: str | None = None
    optional: bool = False  # takes part only when asked for


EVERYTHING = tuple(JOBS)
CHECKS = ("validate", *RULES)
COMMON = ("full", "rewrite", "validate", "footers")
PEERS = (
    Contender(UNCHECKED, "engines", (), ("full",)),
    Contender("duckdb", "engines", ("duckdb",), EVERYTHING),
    Contender("polars", "engines", ("polars",), EVERYTHING),
    Contender("datafusion", "engines", ("datafusion",), EVERYTHING),
    Contender("chdb", "engines", ("chdb",), COMMON),
    Contender("duckdb-metadata", "engines", ("duckdb",), ("footers",), "duckdb_metadata"),
    Contender("pyarrow", "engines", ("pyarrow",), ("footers",)),
    Contender("spark", "spark", ("pyspark",), COMMON, optional=True),
    Contender("sail", "sail", ("pysail", "pyspark-client"), COMMON, optional=True),
    Contender("dataframely", "frames", ("dataframely", "polars"), CHECKS),
    Contender("pandera", "frames", ("pandera", "polars"), CHECKS),
    Contender("pointblank", "frames", ("pointblank", "polars"), ("validate",)),
    Contender("soda", "soda", ("soda-duckdb", "duckdb"), ("validate",)),
    Contender("great_expectations", "great_expectations", ("great_expectations", "pandas"), ("validate",)),
)


def peers_of(job: Job, wanted: set[str]) -> list[Contender]:
    """Who takes part in a job, given the optional ones that are wanted."""
    return [peer for peer in PEERS if job.name in peer.jobs and (not peer.optional or peer.name in wanted)]


def variables(job: Job, scale: float) -> dict[str, str]:
    """The bounds of a pipeline that depend on the size of its data."""
    bounds = {
        "rows_min": 5_900_000,
        "rows_raw_max": 6_200_000,
        "rows_max": 6_100_000,
        "customers_min": 92_000,
        "customers_max": 108_000,
    }
    needed = {"full": bounds, "validate": bounds.keys() - {"rows_raw_max"}}.get(job.name, ())
    return {name: str(round(bounds[name] * scale)) for name in sorted(needed)}
