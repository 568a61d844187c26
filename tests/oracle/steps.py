"""Computes with DuckDB what the steps of tests/e2e/steps.rs must have made, and compares.

usage: steps.py FOLDER
"""

import json
import math
import sys
from decimal import Decimal

import duckdb

folder = sys.argv[1]
record = json.load(open(f"{folder}/record.json"))
tables = {table["table"]: table for table in record["tables"]}
failures = []

duckdb.execute("set timezone = 'UTC'")
duckdb.execute(
    f"""create table orders as
    select * exclude (filename, file_row_number), row_number() over (order by filename, file_row_number) - 1 as spot
    from read_parquet('{folder}/raw_orders/*/*.parquet', hive_partitioning = true, union_by_name = true,
                      filename = true, file_row_number = true)"""
)
duckdb.execute(f"create table customers as from '{folder}/customers.parquet'")
duckdb.execute(f"create table rates as from read_csv('{folder}/rates.csv')")
duckdb.execute(
    f"create table baskets as from read_json('{folder}/baskets.ndjson', columns = "
    "{basket: 'bigint', items: 'varchar[]', prices: 'double[]'})"
)


def sorted_rows(sql):
    """The rows, each as its texts and its numbers, in an order that does not depend on the last digits."""
    rows = []
    for row in duckdb.execute(sql).fetchall():
        numbers = [isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in row]
        texts = tuple("" if number else str(value) for value, number in zip(row, numbers))
        rows.append((texts, tuple(float(value) for value, number in zip(row, numbers) if number)))
    return sorted(rows)


def same(found, wanted):
    close = all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(found[1], wanted[1]))
    return found[0] == wanted[0] and len(found[1]) == len(wanted[1]) and close


def agree(table, columns, expected):
    """`expected` is a query for the same columns."""
    output = f"read_parquet('{folder}/out/{table}/*/*.parquet', hive_partitioning = true)"
    found = sorted_rows(f"select {columns} from {output}")
    wanted = sorted_rows(f"select {columns} from ({expected})")
    if not wanted:
        failures.append(f"{table}: nothing is expected, which proves nothing")
    if len(found) != len(wanted):
        failures.append(f"{table}: {len(found)} rows, expected {len(wanted)}")
    different = [pair for pair in zip(found, wanted) if not same(*pair)]
    for pair in different[:3]:
        failures.append(f"{table}: {len(different)} rows differ\n  found    {pair[0]}\n  expected {pair[1]}")
    rows_out, steps = tables[table]["rows_out"], tables[table]["steps"]
    if rows_out != len(wanted):
        failures.append(f"{table}: the record says {rows_out} rows, not {len(wanted)}")
    if [step["rows_out"] for step in steps[:-1]] != [step["rows_in"] for step in steps[1:]]:
        failures.append(f"{table}: rows are lost between steps: {steps}")
    if (steps[0]["rows_in"], steps[-1]["rows_out"]) != (tables[table]["rows_in"], rows_out):
        failures.append(f"{table}: the steps do not add up: {steps}")


def step(table, position, removed):
    """Compares how many rows a step removed with a query."""
    took = tables[table]["steps"][position]
    wanted = duckdb.execute(removed).fetchone()[0]
    if took["rows_in"] - took["rows_out"] != wanted or wanted == 0:
        failures.append(f"{table}: step {position} removed {took['rows_in'] - took['rows_out']}, expected {wanted}")


row = "order_id, line_number, created_at::varchar, updated_at::varchar"
agree(
    "windowed",
    f"{row}, nth, place, dense, before, after, so_far, mean_so_far, seen, least, most, n",
    """select *, row_number() over w as nth, lag(extended_price) over w as before, lead(extended_price, 2) over w as after,
         rank() over peers as place, dense_rank() over peers as dense,
         sum(extended_price) over running as so_far, avg(discount) over running as mean_so_far,
         count(discount) over running as seen, min(quantity) over running as least,
         max(extended_price) over alike as most, count(*) over alike as n
       from orders
       window w as (partition by customer_id order by updated_at nulls last, spot),
              running as (partition by customer_id order by updated_at nulls last, spot rows unbounded preceding),
              peers as (partition by customer_id order by updated_at nulls last),
              alike as (partition by ship_mode, status)""",
)
agree(
    "pivoted",
    'status, "AIR", "RAIL", "SHIP"',
    """select status, sum(quantity) filter (ship_mode = 'AIR') as "AIR", sum(quantity) filter (ship_mode = 'RAIL') as "RAIL",
         sum(quantity) filter (ship_mode = 'SHIP') as "SHIP" from orders group by status""",
)
agree(
    "counted",
    'status, created_at::varchar, "MAIL", "FOB"',
    """select status, created_at, count(discount) filter (ship_mode = 'MAIL') as "MAIL",
         count(discount) filter (ship_mode = 'FOB') as "FOB" from orders group by all""",
)
agree(
    "unpivoted",
    "order_id, line_number, created_at::varchar, measure, value",
    """from (select *, 'extended_price' as measure, extended_price as value from orders
             union all select *, 'discount', discount from orders) where value is not null""",
)
agree(
    "exploded",
    "basket, items, prices",
    """select basket, items[i] as items, prices[i] as prices
       from (select *, unnest(range(1, greatest(coalesce(len(items), 0), 1)::bigint + 1)) as i from baskets)""",
)
agree(
    "unpacked",
    "basket, items",
    "select basket, items[i] as items from (select *, unnest(range(1, len(items)::bigint + 1)) as i from baskets)",
)
nearest = """select o.* exclude (spot), case when {within} then r.rate end as rate
    from orders o asof left join rates r on o.ship_mode = r.ship_mode and o.ordered_on {side} r.day"""
agree("nearest", f"{row}, rate", nearest.format(within="o.ordered_on - r.day <= 10", side=">="))
agree("closest", f"{row}, rate", nearest.format(within="true", side="<="))
agree("asked", "segment, ship_mode, n, total, first::varchar", """select segment, ship_mode, count(*) as n, sum(extended_price) as total,
    min(ordered_on) as first from orders join customers using (customer_id) where discount is not null
    group by segment, ship_mode having count(*) > 5""")

MASK = (1 << 64) - 1


def lot(at, seed):
    """SplitMix64, whose state is the seed and the row's place."""
    z = (seed + (at + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


rows = duckdb.execute("select count(*) from orders").fetchone()[0]
lots = [lot(at, 7) for at in range(rows)]
share = [at for at in range(rows) if lots[at] < int(0.1 * 2**64)]
fewest = sorted(range(rows), key=lambda at: lots[at])[:500]
for table, places in (("sampled", share), ("drawn", fewest)):
    agree(table, row, f"from orders where spot in ({', '.join(map(str, places))})")

fences = """select *, quantile_cont(extended_price, 0.25) over (partition by ship_mode) as q1,
    quantile_cont(extended_price, 0.75) over (partition by ship_mode) as q3 from orders"""
inside = "extended_price is null or extended_price between q1 - 0.4 * (q3 - q1) and q3 + 0.4 * (q3 - q1)"
scored = f"select *, avg(quantity) over () as middle, stddev_samp(quantity) over () as spread from (from ({fences}) where {inside})"
near = "quantity is null or abs(quantity - middle) <= 1.5 * spread"
agree("inliers", row, f"from ({scored}) where {near}")
step("inliers", 0, f"select count(*) from ({fences}) where not ({inside})")
step("inliers", 1, f"select count(*) from ({scored}) where not ({near})")
middle = "select *, (select median(extended_price) from orders) as middle from orders"
spread = f"select *, median(abs(extended_price - middle)) over () as mad from ({middle})"
inside = "extended_price is null or abs(extended_price - middle) <= 1.4826 * mad"
cut = f"""select *, quantile_cont(quantity::double, 0.1) over () as low, quantile_cont(quantity::double, 0.8) over () as high
    from (from ({spread}) where {inside})"""
agree("fenced", row, f"from ({cut}) where quantity is null or quantity::double between low and high")
step("fenced", 0, f"select count(*) from ({spread}) where not ({inside})")
agree(
    "filled",
    f"{row}, discount, quantity, ship_mode, customer_id, comment",
    """select * replace (coalesce(discount, avg(discount) over ()) as discount,
         coalesce(quantity, round(median(quantity::double) over (), 2)) as quantity,
         last_value(ship_mode ignore nulls) over (order by spot) as ship_mode,
         coalesce(customer_id, order_id) as customer_id, coalesce(comment, 'none') as comment) from orders""",
)
if failures:
    sys.exit("\n".join(failures))
