"""The full job in SQL, as DuckDB, DataFusion and (with its own dialect) chDB run it.

Duplicates are found first in a narrow pass over the keys: about one row in a hundred has one, and only
those rows go through a DISTINCT ON. Over wide rows a plain DISTINCT ON costs far more memory and time.
"""

from __future__ import annotations

LINEITEM = (
    "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount l_tax l_returnflag l_linestatus "
    "l_shipdate l_commitdate l_receiptdate l_shipinstruct l_shipmode l_comment"
).split()
KEYS = ["l_orderkey", "l_linenumber"]
KEPT = "l_quantity is not null"

CLEANED = {
    "l_quantity": "least(greatest(l_quantity, 1.0), 50.0)",
    "l_discount": "coalesce(l_discount, 0.0)",
    "l_shipmode": "upper(trim(l_shipmode))",
}
REVENUE = "l_extendedprice * (1 - coalesce(l_discount, 0.0)) as revenue"


def cleaned(created_at: str = "created_at") -> str:
    """The select list of the cleaning steps."""
    columns = [f"{CLEANED[name]} as {name}" if name in CLEANED else name for name in LINEITEM]
    return ", ".join([*columns, REVENUE, created_at])


def duplicate_keys(raw: str, keys: list[str], kept: str) -> str:
    """The keys that occur more than once, as k0, k1, …"""
    named = ", ".join(f"{key} as k{place}" for place, key in enumerate(keys))
    return f"select {named} from {raw} where {kept} group by {', '.join(keys)} having count(*) > 1"


def deduplicated(raw: str, columns: str, keys: list[str], kept: str, left: str = "") -> str:
    """One row of each key, given the table `dup` of the keys that occur more than once. `left` is what
    the dialect puts before ANTI JOIN."""
    matched = " and ".join(f"{key} = k{place}" for place, key in enumerate(keys))
    rows = f"(select * from {raw} where {kept}) as r"
    return f"""(
        select {columns} from {rows} {left} anti join dup on {matched}
        union all
        select distinct on ({", ".join(keys)}) {columns} from {rows} {left} semi join dup on {matched})"""


def distinct_on(source: str, columns: str, keys: list[str], kept: str) -> str:
    """One row of each key, whichever."""
    return f"select distinct on ({', '.join(keys)}) {columns} from {source} where {kept}"


def numbered(source: str, columns: str, keys: list[str], kept: str) -> str:
    """The same by numbering the rows of each key: in DataFusion four times as fast where most rows go."""
    number = f"row_number() over (partition by {', '.join(keys)}) as nth"
    rows = f"(select {columns}, {number} from {source} where {kept}) as numbered"
    return f"select * exclude (nth) from {rows} where nth = 1"


def joined(lineitem: str, orders: str, customer: str) -> str:
    """The cleaned rows with their orders and customers. Orders meet customers first: they are narrow."""
    columns = ", ".join(f"r.{name}" for name in LINEITEM)
    priced = f"""(select o_orderkey, o_orderdate, o_custkey, o_orderpriority, c_mktsegment
        from {orders} as o left join {customer} as c on c_custkey = o_custkey)"""
    return f"""select {columns}, r.revenue, o_orderdate, o_custkey, o_orderpriority, c_mktsegment, r.created_at
        from {lineitem} as r join {priced} as p on o_orderkey = l_orderkey"""


def by_month(detail: str, month: str = "cast(date_trunc('month', o_orderdate) as date)") -> str:
    return f"""select o_orderpriority, c_mktsegment, {month} as month, count(*) as n, sum(l_quantity) as sum_qty,
        sum(revenue) as sum_rev, avg(l_discount) as avg_disc from {detail} group by 1, 2, 3"""
