# SPDX-License-Identifier: ISC
"""validate.py DOCS DIR: check what dashpot wrote below DIR against DOCS.

NAME.json and every line of NAME.jsonl follow DOCS/NAME.schema.json
(diagnostic, process-registry, events). Prints each fault; exit code 1 when
there is one, or when there was nothing to check.
"""

import json
import pathlib
import sys

import jsonschema


def no_constant(word):
    raise ValueError(f"{word} is no JSON")


def documents(path):
    """(where, text) of each document in a file."""
    text = path.read_bytes().decode("utf-8")  # JSON is UTF-8, or it is wrong
    if path.suffix == ".json":
        yield str(path), text
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield f"{path}:{number}", line


def main():
    docs, volume = map(pathlib.Path, sys.argv[1:3])
    validators = {}
    for name in ("diagnostic", "process-registry", "events"):
        path = docs / f"{name}.schema.json"
        if path.exists() or name != "events":
            schema = json.loads(path.read_text(encoding="utf-8"))
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            validators[name] = kind(schema)

    checked, faults = 0, 0
    for path in sorted(volume.rglob("*.json*")):
        validator = validators.get(path.name.split(".")[0])
        if path.suffix not in (".json", ".jsonl") or validator is None:
            continue
        try:
            for where, text in documents(path):
                checked += 1
                value = json.loads(text, parse_constant=no_constant)
                for error in validator.iter_errors(value):
                    faults += 1
                    print(f"{where}: {error.json_path}: {error.message}")
        except ValueError as error:
            faults += 1
            print(f"{path}: {error}")
    if not checked:
        print(f"{volume}: nothing to check")
    return 1 if faults or not checked else 0


sys.exit(main())
