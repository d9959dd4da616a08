"""Checks a Parquet file with Great Expectations or pandera, and prints the seconds that reading and checking took.

python bench/profile_peers.py great-expectations|pandera FILE CHECKS.json
"""

import json
import os
import sys
import time

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["TQDM_DISABLE"] = "1"


def great_expectations(file, checks):
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas as pd

    def expectation(check):
        column = check["column"]
        match check["kind"]:
            case "filled":
                return gxe.ExpectColumnValuesToNotBeNull(column=column)
            case "between":
                return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=check["min"], max_value=check["max"])
            case "oneOf":
                return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=check["values"])
            case "length":
                return gxe.ExpectColumnValueLengthsToBeBetween(column=column, min_value=check["min"], max_value=check["max"])
            case "pattern":
                return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=f"^{check['pattern']}$")

    context = gx.get_context(mode="ephemeral")
    definition = (
        context.data_sources.add_pandas("pandas").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite(name="checks", expectations=[expectation(check) for check in checks])
    context.variables.progress_bars = {"globally": False}

    def run():
        batch = definition.get_batch(batch_parameters={"dataframe": pd.read_parquet(file)})
        return batch.validate(suite, result_format="BOOLEAN_ONLY").success

    return run


def pandera(file, checks):
    import pandera.polars as pa
    import polars as pl

    def check_of(check):
        match check["kind"]:
            case "between":
                return pa.Check.in_range(check["min"], check["max"])
            case "oneOf":
                return pa.Check.isin(check["values"])
            case "length":
                return pa.Check.str_length(check["min"], check["max"])
            case "pattern":
                return pa.Check.str_matches(f"^{check['pattern']}$")

    columns = {}
    for name in {check["column"] for check in checks}:
        own = [check for check in checks if check["column"] == name]
        rules = [check_of(check) for check in own if check["kind"] != "filled"]
        columns[name] = pa.Column(checks=rules, nullable=all(check["kind"] != "filled" for check in own))
    schema = pa.DataFrameSchema(columns)

    def run():
        schema.validate(pl.read_parquet(file), lazy=True)
        return True

    return run


name, file, checks = sys.argv[1:]
run = {"great-expectations": great_expectations, "pandera": pandera}[name](file, json.loads(checks))
times = []
for _ in range(3):
    start = time.perf_counter()
    assert run(), "the checks are not kept"
    times.append(time.perf_counter() - start)
# The first round warms up.
print(json.dumps(times[1:]))
