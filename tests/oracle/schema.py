"""Validates a pipeline file against the JSON Schema, and a broken copy of it.

usage: schema.py SCHEMA.json PIPELINE.yaml
"""

import copy
import json
import sys

import jsonschema
import yaml

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def plain(value):
    """Dates of YAML 1.1 are text in YAML 1.2."""
    if isinstance(value, dict):
        # `on` is a boolean in YAML 1.1 and text in 1.2.
        return {"on" if key is True else str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


pipeline = plain(yaml.safe_load(open(sys.argv[2])))
errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(pipeline)]
if errors:
    sys.exit("\n".join(errors))

broken = copy.deepcopy(pipeline)
first = next(iter(broken["tables"].values()))
first["stepps"] = []
if validator.is_valid(broken):
    sys.exit("the schema accepts a misspelt key")
