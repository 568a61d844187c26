"""The jobs over data of awkward shape, in SQL that DuckDB and DataFusion share.

Each reads one dataset, writes one table partitioned by `created_at`, and checks what it wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contenders import tpch

# The columns of the wide table: `id`, then so many whole numbers, floats, texts and dates.
WIDE = {"i": 100, "d": 120, "s": 60, "t": 19}


@dataclass(frozen=True)
class Shape:
    """What a job does."""

    source: str
    output: str
    columns: str  # the select list, without created_at
    kept: str = "true"  # the rows that stay
    keys: list[str] = field(default_factory=list)  # one row of each stays
    few_duplicates: bool = False  # whether few keys occur twice; if not, expect any number
    joined: Callable[[str, Callable[[str], str]], str] | None = None
    summary: tuple[str, str] | None = None  # name and SELECT of an aggregate over what was written

    def select(
        self,
        source: str,
        other: Callable[[str], str],
        created_at: str = "created_at",
        left: str = "",
        once: Callable[[str, str, list[str], str], str] = tpch.distinct_on,
    ) -> str:
        """The statement that makes the table. `other` gives further sources by name; `once` is how the
        dialect best keeps one row of each of many keys."""
        if self.joined:
            return self.joined(source, other)
        columns = f"{self.columns}, {created_at}"
        if not self.keys:
            return f"select {columns} from {source} where {self.kept}"
        if not self.few_duplicates:
            return once(source, columns, self.keys, self.kept)
        rows = tpch.deduplicated(source, columns, self.keys, self.kept, left)
        return f"select * from {rows} as cleaned"

    def aggregates(self, written: str) -> Iterator[tuple[str, str]]:
        if self.summary:
            name, select = self.summary
            yield name, select.format(written)


def wide_columns(kind: str) -> list[str]:
    return [f"{kind}{place:03}" for place in range(WIDE[kind])]


def wide() -> str:
    whole = [f"coalesce({name}, 0) as {name}" for name in wide_columns("i")]
    floats = [
        f"case when {name} < 0 then 0.0 when {name} > 1000 then 1000.0 else {name} end as {name}"
        for name in wide_columns("d")
    ]
    texts = [f"upper(trim({name})) as {name}" for name in wide_columns("s")]
    return ", ".join(["id", *whole, *floats, *texts, *wide_columns("t")])


def skewed(facts: str, other: Callable[[str], str]) -> str:
    return f"""select f.id, f.account, f.amount, f.note, a.segment, a.region, f.created_at
        from {facts} as f left join {other("accounts")} as a on f.account = a.account"""


SHAPES = {
    "wide": Shape("wide", "cleaned", wide(), kept="i000 is not null", keys=["id"], few_duplicates=True),
    "strings": Shape(
        "pages",
        "cleaned",
        "url, lower(email) as email, session, trim(title) as title, body",
        kept="body is not null",
        keys=["url"],
        few_duplicates=True,
    ),
    "small_files": Shape("events", "compacted", "id, account, kind, amount, happened, note"),
    "one_huge": Shape("one_huge", "cleaned", tpch.cleaned().removesuffix(", created_at"), kept=tpch.KEPT),
    "skew": Shape(
        "facts",
        "joined",
        "",
        joined=skewed,
        summary=(
            "by_account",
            "select account, region, count(*) as n, sum(amount) as total from {} group by account, region",
        ),
    ),
    "all_duplicates": Shape("deliveries", "once", "id, line, account, amount, note", keys=["id", "line"]),
}
