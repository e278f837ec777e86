# SPDX-License-Identifier: ISC
"""validate.py DOCS DIR: check what dashpot wrote below DIR against DOCS.

NAME.json and every line of NAME.jsonl and NAME.jsonl.1 follow
DOCS/NAME.schema.json (diagnostic, process-registry, events). A last line of
events without its newline is being written and not looked at; the numbers of
one start of the container go up by one, unless a line says how many are lost.
Prints each fault; exit code 1 when there is one, or when there was nothing to
check.
"""

import json
import pathlib
import sys

import jsonschema


def no_constant(word):
    raise ValueError(f"{word} is no JSON")


def documents(path):
    """(where, text) of each document in a file."""
    text = path.read_bytes()
    if path.suffix == ".json":
        yield str(path), text.decode("utf-8")  # JSON is UTF-8, or it is wrong
        return
    whole = text[: text.rfind(b"\n") + 1].decode("utf-8")
    for number, line in enumerate(whole.split("\n")[:-1], 1):
        yield f"{path}:{number}", line


def gap(last, event):
    """What is wrong with an event behind the one before it in its file."""
    if last is None or last["container"] != event["container"]:
        return None
    expected = last["seq"] + event.get("lost", 1)
    if event["seq"] == expected:
        return None
    return f"seq {event['seq']} behind {last['seq']}, not {expected}"


def main():
    docs, volume = map(pathlib.Path, sys.argv[1:3])
    validators = {}
    for name in ("diagnostic", "process-registry", "events"):
        path = docs / f"{name}.schema.json"
        schema = json.loads(path.read_text(encoding="utf-8"))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validators[name] = kind(schema)

    checked, faults = 0, 0

    def fault(text):
        nonlocal faults
        faults += 1
        print(text)

    for path in sorted(volume.rglob("*.json*")):
        validator = validators.get(path.name.split(".")[0])
        is_lines = path.name.endswith((".jsonl", ".jsonl.1"))
        if validator is None or not (is_lines or path.suffix == ".json"):
            continue
        last = None
        try:
            for where, text in documents(path):
                checked += 1
                value = json.loads(text, parse_constant=no_constant)
                errors = list(validator.iter_errors(value))
                for error in errors:
                    fault(f"{where}: {error.json_path}: {error.message}")
                if is_lines and not errors:
                    wrong = gap(last, value)
                    if wrong:
                        fault(f"{where}: {wrong}")
                    last = value
        except FileNotFoundError:
            continue  # rotated or replaced since the directory was read
        except ValueError as error:
            fault(f"{path}: {error}")
    if not checked:
        print(f"{volume}: nothing to check")
    return 1 if faults or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
