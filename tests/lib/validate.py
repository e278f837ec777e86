# SPDX-License-Identifier: ISC
"""validate.py DOCS DIR [SECONDS]: check what dashpot wrote below DIR against
DOCS, again and again for so long (once).

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
import time

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


class Check:
    """All schemas, and what was found so far."""

    def __init__(self, docs):
        self.validators = {}
        self.checked = self.faults = 0
        self.seen = {}  # lines of events that are well: what gap() asks of each
        for name in ("diagnostic", "process-registry", "events"):
            path = docs / f"{name}.schema.json"
            schema = json.loads(path.read_text(encoding="utf-8"))
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            self.validators[name] = kind(schema)

    def fault(self, text):
        self.faults += 1
        print(text)

    def document(self, validator, where, text):
        """The value of a document that follows its schema, else None."""
        if text in self.seen:
            return self.seen[text]
        value = json.loads(text, parse_constant=no_constant)
        errors = list(validator.iter_errors(value))
        for error in errors:
            self.fault(f"{where}: {error.json_path}: {error.message}")
        return None if errors else value

    def file(self, path):
        validator = self.validators.get(path.name.split(".")[0])
        is_lines = path.name.endswith((".jsonl", ".jsonl.1"))
        if validator is None or not (is_lines or path.suffix == ".json"):
            return
        last = None
        for where, text in documents(path):
            self.checked += 1
            value = self.document(validator, where, text)
            if value is None or not is_lines:
                continue
            wrong = gap(last, value)
            if wrong:
                self.fault(f"{where}: {wrong}")
            kept = ("container", "seq", "lost")
            last = {key: value[key] for key in kept if key in value}
            self.seen[text] = last

    def directory(self, volume):
        for path in sorted(volume.rglob("*.json*")):
            try:
                self.file(path)
            except FileNotFoundError:
                continue  # rotated or replaced since the directory was read
            except ValueError as error:
                self.fault(f"{path}: {error}")


def main():
    docs, volume = map(pathlib.Path, sys.argv[1:3])
    seconds = float(sys.argv[3] if len(sys.argv) > 3 else 0)
    end = time.monotonic() + seconds
    check, looks = Check(docs), 0
    least = 5 if seconds > 0 else 1  # however slow the machine is
    while looks < least or time.monotonic() < end:
        check.directory(volume)
        looks += 1
    if looks > 1:
        print(f"looks: {looks}")
    if not check.checked:
        print(f"{volume}: nothing to check")
    return 1 if check.faults or not check.checked else 0


if __name__ == "__main__":
    sys.exit(main())
