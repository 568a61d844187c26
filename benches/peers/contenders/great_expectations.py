"""Great Expectations on pandas. It has no correlation and, for drift, a Kullback-Leibler divergence. Its
route through DuckDB errs on every expectation with current versions and is left out."""

from __future__ import annotations

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import great_expectations.expectations as gxe
from pyarrow import dataset

from contenders import checks
from contenders.checks import Check
from contenders.task import Task, answer


def expectation(check: Check, quantiles: list[Check]) -> gxe.Expectation | None:
    """A check as an expectation; several about quantiles of one column are one expectation."""
    params = check.params
    bounds = {"min_value": params.get("min"), "max_value": params.get("max")}
    match check.rule:
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(column=check.column)
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(column=check.column, **bounds)
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=check.column, value_set=params["values"])
        case "regex":
            return gxe.ExpectColumnValuesToMatchRegex(column=check.column, regex=f"^(?:{params['pattern']})$")
        case "unique":
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(check.columns))
        case "row_count":
            return gxe.ExpectTableRowCountToBeBetween(**bounds)
        case "distinct_count":
            return gxe.ExpectColumnUniqueValueCountToBeBetween(column=check.column, **bounds)
        case "psi":
            partition = {"bins": inside(check), "weights": params["reference"]}
            return gxe.ExpectColumnKLDivergenceToBeLessThan(
                column=check.column, partition_object=partition, threshold=params["fail"]
            )
        case "statistic" if check.quantile is not None:
            return quantile_expectation(quantiles) if check == quantiles[0] else None
        case "statistic" if params["fn"] == "mean":
            return gxe.ExpectColumnMeanToBeBetween(column=check.column, **bounds)
        case "statistic" if params["fn"] == "stddev":
            return gxe.ExpectColumnStdevToBeBetween(column=check.column, **bounds)
        case _:
            return None


def inside(check: Check) -> list[float]:
    """The bins without room beyond the values, which the divergence does not allow to be empty."""
    low, *middle, high = check.params["bins"]
    return [low + 0.5, *middle, high - 0.5]


def quantile_expectation(asked: list[Check]) -> gxe.Expectation:
    ranges = [[check.params["min"], check.params["max"]] for check in asked]
    return gxe.ExpectColumnQuantileValuesToBeBetween(
        column=asked[0].column,
        quantile_ranges={"quantiles": [check.quantile for check in asked], "value_ranges": ranges},
        allow_relative_error=False,
    )


def validate(task: Task) -> None:
    asked = checks.load(task.pipeline, task.vars)["detail"]
    with task.phase("load"):
        columns = sorted({column for check in asked for column in check.columns})
        rows = (
            dataset.dataset(f"{task.data}/detail", partitioning="hive").to_table(columns=columns).to_pandas()
        )
    quantiles = [check for check in asked if check.quantile is not None]
    missing = [check for check in asked if check.rule == "correlation"]
    expectations = [made for check in asked if (made := expectation(check, quantiles)) is not None]
    with task.phase("validate"):
        source = gx.get_context(mode="ephemeral").data_sources.add_pandas("source")
        whole = source.add_dataframe_asset("detail").add_batch_definition_whole_dataframe("whole")
        suite = gx.ExpectationSuite(name="stated", expectations=expectations)
        result = whole.get_batch({"dataframe": rows}).validate(suite, result_format="BASIC")
    if not result.success:
        raise ValueError(
            f"not everything passes: {[one.expectation_config.type for one in result.results if not one.success]}"
        )
    task.missing = [check.key for check in missing]
    task.checks = {check.key: {"ok": True, "value": None} for check in asked if check not in missing}


if __name__ == "__main__":
    answer({"validate": validate})
