#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Services with a random acyclic dependency graph, and whether a record of
their starts and stops obeys it.

  graph.py make SEED COUNT COMMAND   print an INI file: one service in ten is a
                                     oneshot (`true`), the others run COMMAND
  graph.py check FILE.ini EVENTS.jsonl [STARTED]
                                     read the graph from the file again; exit 1
                                     and say which order was not kept. So many
                                     services have to have started (all)

The same seed gives the same graph. Each service depends on up to four that come
before it in a random order of all, which is not the order of the file.
"""
import json
import random
import re
import sys


def make(seed, count, command):
    rng = random.Random(seed)
    order = list(range(count))
    rng.shuffle(order)
    place = {number: at for at, number in enumerate(order)}
    for number in range(count):
        before = order[:place[number]]
        on = rng.sample(before, min(len(before), rng.randrange(5)))
        is_oneshot = rng.randrange(10) == 0
        print(f"[service:s{number}]")
        print("command = true\ntype = oneshot" if is_oneshot
              else f"command = {command}")
        for key, names in (("after", on[::2]), ("requires", on[1::2])):
            if names:
                print(key, "=", " ".join(f"s{name}" for name in names))


def read_graph(path):
    on, oneshots, name = {}, set(), None
    for line in open(path, encoding="utf-8"):
        section = re.match(r"\[service:(\w+)\]", line)
        if section:
            name = section[1]
            on[name] = set()
        key, _, value = (part.strip() for part in line.partition("="))
        if key in ("after", "requires"):
            on[name].update(re.split(r"[ ,]+", value))
        if (key, value) == ("type", "oneshot"):
            oneshots.add(name)
    return on, oneshots


def read_events(path):
    """For each service and kind the numbers of its first and last event."""
    first, last, number = {}, {}, 0
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        number += 1
        if event["seq"] != number:
            sys.exit(f"event {number} is missing, there is {event['seq']}")
        key = (event["service"], event["event"])
        first.setdefault(key, number)
        last[key] = number
    return first, last


def check(ini, events, started=None):
    on, oneshots = read_graph(ini)
    first, last = read_events(events)
    wrong, starts, stops = [], 0, 0
    started = len(on) if started is None else int(started)
    for name, names in on.items():
        if (name, "started") not in first:
            continue
        starts += 1
        for other in names:
            ready = (other, "done" if other in oneshots else "started")
            if not first.get(ready, sys.maxsize) < first[name, "started"]:
                wrong.append(f"{name} started before {other} was {ready[1]}")
    for name, names in on.items():
        for other in names:
            if (other, "stopping") not in first:
                continue
            stops += 1
            end = "done" if name in oneshots else "stopped"
            if (name, "started") in first and \
                    not last.get((name, end), sys.maxsize) < \
                    first[other, "stopping"]:
                wrong.append(f"{other} was told to stop before {name} was "
                             f"{end}")
    edges = sum(len(names) for names in on.values())
    if starts != started:
        wrong.append(f"{starts} services started")
    print(f"{len(on)} services, {edges} dependencies: {starts} started,",
          f"{stops} times a dependent was down first")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"] and len(sys.argv) == 5:
        make(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1:2] == ["check"] and len(sys.argv) in (4, 5):
        sys.exit(check(*sys.argv[2:]))
    else:
        sys.exit(__doc__)
