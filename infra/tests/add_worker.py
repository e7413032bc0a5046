"""add_worker.py CHECKOUT NAME: adds a worker to a checkout, a copy of the smallest worker with a queue.

The three places, in this order: workers/NAME/, infra/template.yaml, statemachine.asl.json.
"""
import json
import pathlib
import re
import shutil
import sys

root, name = pathlib.Path(sys.argv[1]), sys.argv[2]


def pascal(worker):
    return "".join(word.capitalize() for word in worker.split("-"))


template = root / "infra/template.yaml"
text = template.read_text()
queue_workers = [
    folder.name for folder in (root / "workers").iterdir() if f"\n  {pascal(folder.name)}Queue:\n" in text
]
model = min(queue_workers, key=lambda worker: (root / "workers" / worker / "src/lib.rs").stat().st_size)
old, new = pascal(model), pascal(name)

# 1. The folder.
folder = root / "workers" / name
shutil.copytree(root / "workers" / model, folder, ignore=shutil.ignore_patterns("tests", "snapshots"))
for file in [folder / "Cargo.toml", *folder.rglob("*.rs")]:
    renamed = re.sub(rf"\b{model.replace('-', '_')}::", f"{name}::", file.read_text())
    renamed = renamed.replace(f'name = "{model}"', f'name = "{name}"').replace(old, new)
    file.write_text(renamed)
# A model of one state, which has the name of the worker, so that it is renamed with the rest.
assert f'wire_names!({new}State: "state" {{ {new} => "{new}" }});' in (folder / "src/lib.rs").read_text()

# 2. The template: each resource and output of the model, and each line of a list that names its queue.
lines = []
own = []
for line in text.splitlines():
    begins = re.fullmatch(r"  (\w+):", line)
    if (begins or re.match(r"\S|  #", line)) and own:
        lines += own
        own = []
    # An alarm needs a section of the runbook, so people decide about alarms of a new queue.
    copied = begins and begins[1].startswith(old) and not begins[1].endswith("Alarm")
    if copied or own:
        own.append(line.replace(old, new).replace(f"-{model}", f"-{name}").replace(f"/{model}/", f"/{name}/"))
    lines.append(line)
    if not own and re.fullmatch(rf"\s+(- !(Ref|GetAtt) {old}Queue(\.Arn)?|{old}QueueUrl: !Ref {old}Queue)", line):
        lines.append(line.replace(old, new))
template.write_text("\n".join(lines + own) + "\n")

# 3. The state machine: the new state is inserted after the first state.
definition = root / "statemachine.asl.json"
machine = json.loads(definition.read_text())
first = machine["States"][machine["StartAt"]]
state = json.loads(json.dumps(first))
state["Comment"] = "Does nothing that matters."
state["Parameters"]["QueueUrl"] = f"${{{new}QueueUrl}}"
state["ResultPath"] = None
state["Catch"] = [catch for catch in state["Catch"] if catch["Next"] != "RecordRefusal"]
first["Next"] = new
machine["States"][new] = state
definition.write_text(json.dumps(machine, indent=2) + "\n")
