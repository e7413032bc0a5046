"""Checks `aws` commands with the parser of the AWS command line and the service models of AWS; sends nothing."""
import argparse
import contextlib
import io
import itertools
import json
import os
import re

import jmespath

os.environ.update(AWS_DEFAULT_REGION="eu-west-1", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_PAGER="")
import awscli.clidriver
from awscli.customizations.commands import BasicCommand
from awscli.customizations.sessionmanager import StartSessionCaller
from awscli.customizations.waiters import WaiterCaller
from botocore.validate import ParamValidator

# Commands of version 2 only, which operators use; the local stack has version 1, which this check runs with.
ONLY_VERSION_2 = {("sso", "login"), ("logs", "tail"), ("configure", "export-credentials")}
# Members that take the id or the ARN of a key. AWS refuses an alias; the emulator takes it.
KEY_ONLY = {("UpdateAlias", "TargetKeyId"), ("CreateAlias", "TargetKeyId"),
    *((operation, "KeyId") for operation in ("ScheduleKeyDeletion", "CancelKeyDeletion", "EnableKey", "DisableKey"))}
KEY = r"(arn:aws:kms:[a-z0-9-]+:\d{12}:key/)?(mrk-)?[0-9a-f-]{32,36}"
KEY_ID = "01234567-89ab-cdef-0123-456789abcdef"
# Sample values for members of answers whose form is checked later.
ANSWERS = {"KeyId": KEY_ID, "AliasName": "alias/name", "AliasArn": "arn:aws:kms:eu-west-1:111111111111:alias/name"}
# Words in capitals that a reader replaces.
PLACEHOLDER = re.compile(r"(?:NAME|ID|ARN|TABLE|BUCKET|SECRET|SCHEDULE|INSTANCE|REGION|ARTEFACTS|WORKER|URL|FILE|HEX|STACK|KEY|VERSION|REQUEST-ID|THE-VERSION-[A-Z]+|NEW|GROUP|ACCOUNT|ZONE)")
EMBEDDED = re.compile(rf"\b{PLACEHOLDER.pattern}\b")
# Values for a placeholder; the first that its member takes is used.
STAND_INS = ["name", KEY_ID, "i-0123456789abcdef0", "alias/name", "/name", "name.example.com", "https://name.example.com/", "a" * 64,
    "arn:aws:states:eu-west-1:111111111111:stateMachine:name", "arn:aws:cloudformation:eu-west-1:111111111111:changeSet/name/" + KEY_ID,
    "arn:aws:iam::111111111111:role/name", "arn:aws:sqs:eu-west-1:111111111111:name", "arn:aws:kms:eu-west-1:111111111111:key/" + KEY_ID, "eu-west-1", "2026-01-01"]

driver = awscli.clidriver.create_clidriver()
SERVICES, GLOBALS = driver._get_command_table(), driver._get_argument_table()
taken = None
"""Operation, parameters and global options of the command that is being checked."""


class Wrong(Exception):
    pass


class AnyKey(dict):
    """A map whose keys the model does not name."""

    def get(self, _):
        return self["key"]


def invoke(self, service, operation, parameters, parsed_globals):
    global taken
    model = driver.session.get_service_model(service)
    taken = (model.operation_model(operation), parameters, parsed_globals)
    return 0


for caller in (awscli.clidriver.CLIOperationCaller, WaiterCaller, StartSessionCaller):
    caller.invoke = invoke
call = BasicCommand.__call__


def without_running(self, arguments, parsed_globals):
    self._run_main = lambda *_: 0
    return call(self, arguments, parsed_globals)


BasicCommand.__call__ = without_running


def lookup(words, part=False):
    """The command below `aws`, and the words behind it."""
    table, command, rest = SERVICES, None, list(words)
    while table and rest and not rest[0].startswith("-"):
        if rest[0] not in table:
            if command is None or not getattr(command, "arg_table", None):
                raise Wrong(f"the AWS command line has no {' '.join(words[: len(words) - len(rest) + 1])}")
            break
        command = table[rest.pop(0)]
        table = getattr(command, "subcommand_table", None) or (command._get_command_table() if hasattr(command, "_get_command_table") else None)
    if command is None or (table and not part and not getattr(command, "arg_table", None)):
        raise Wrong(f"an operation is missing: aws {' '.join(words)}")
    return command, rest


def are_services(one, other):
    """True for a list of services, which no call begins with."""
    return other in SERVICES and other not in (getattr(SERVICES[one], "subcommand_table", None) or SERVICES[one]._get_command_table())


def options(command):
    return {f"--{name}": one for name, one in command.arg_table.items()} | {f"--{name}": None for name in GLOBALS}


def check(words, complete=True):
    """Returns a sample of the value that `--query` prints, "NAME" for an unknown one. Raises `Wrong` for a wrong command."""
    global taken
    if tuple(words[:2]) in ONLY_VERSION_2 or (not complete and len(words) == 1 and words[0] in SERVICES):
        return ""
    if words[1:2] == ["EXPRESSION"]:
        return ""
    if words[1:3] == ["wait", "EXPRESSION"]:
        # One of the states, which the program puts in: the first that takes these options.
        states = lookup(words[:2], part=True)[0].subcommand_table
        if not any(unless_wrong([*words[:2], state, *words[3:]]) is not None for state in states):
            raise Wrong(f"no state of aws {words[0]} wait takes these options")
        return ""
    command, rest = lookup(words)
    if "EXPRESSION" in rest:
        # Without an option before it, it stands for further options.
        rest = [stand_in(command, rest[at - 1]) if word == "EXPRESSION" else word
            for at, word in enumerate(rest) if word != "EXPRESSION" or (at and takes_value(command, rest[at - 1]))]
        words = [*words[: words.index(rest[0])], *rest] if rest else words[:2]
    # The parser takes any unambiguous beginning of an option.
    known = options(command)
    if unknown := [word for word in rest if word.startswith("--") and word not in known]:
        raise Wrong(f"aws {' '.join(words[:2])} has no {unknown[0]}")
    if not complete:
        return ""
    taken, said = None, io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            status = driver.main(list(words))
        except (SystemExit, argparse.ArgumentError) as error:
            status = getattr(error, "code", 1) or 1
    if status:
        lines = [line for line in said.getvalue().splitlines() if line.strip() and not line.startswith(("usage", "To see", "  aws", "Note"))]
        raise Wrong(f"aws {' '.join(words[:2])}: {lines[-1] if lines else status}")
    if "--capabilities" in words:
        taken_there = driver.session.get_service_model("cloudformation").shape_for("Capability").enum
        given = itertools.takewhile(lambda word: not word.startswith("--"), words[words.index("--capabilities") + 1 :])
        if unknown := [word for word in given if word not in taken_there]:
            raise Wrong(f"CloudFormation knows no {unknown[0]}")
    if not taken:
        return ""
    operation, parameters, parsed = taken
    if operation.input_shape:
        parameters = fitted(parameters, operation.input_shape, operation.name, "")
        report = ParamValidator().validate(parameters, operation.input_shape)
        if report.has_errors():
            raise Wrong(f"aws {' '.join(words[:2])}: {report.generate_report()}")
    if not parsed.query:
        return ""
    # awscli has compiled it, or refused it.
    answer = parsed.query.search(sample(operation.output_shape, named=True))
    if not found(answer) and "[?" not in parsed.query.expression:
        raise Wrong(f"aws {' '.join(words[:2])}: the answer has no {parsed.query.expression}")
    return ANSWERS.get(answer, "NAME") if isinstance(answer, str) else "NAME"


def unless_wrong(words):
    with contextlib.suppress(Wrong):
        return check(words)


def takes_value(command, option):
    argument = options(command).get(option)
    return option.startswith("--") and getattr(argument, "cli_type_name", "string") != "boolean"


def found(answer):
    """True if each part of a query has found something."""
    if isinstance(answer, (list, dict)):
        return bool(answer) and all(found(one) for one in (answer.values() if isinstance(answer, dict) else answer))
    return answer is not None


def fitted(value, shape, operation, member):
    """The value with a stand-in for each placeholder. Raises `Wrong` for one that the model does not take."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {name: fitted(one, shape.members[name], operation, name) if name in shape.members else one for name, one in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [fitted(one, shape.member, operation, member) for one in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: fitted(one, shape.value, operation, name) for name, one in value.items()}
    if shape.type_name != "string" or not isinstance(value, str):
        return value
    if PLACEHOLDER.fullmatch(value) and value not in shape.enum:
        for one in [*shape.enum, *STAND_INS]:
            if refusal(one, shape, operation, member) is None:
                return one
        raise Wrong(f"{operation}: no stand-in fits {member} ({shape.metadata})")
    value = EMBEDDED.sub("name", value)
    if why := refusal(value, shape, operation, member):
        raise Wrong(f"{operation}: {member} does not take {value}: {why}")
    return value


def refusal(value, shape, operation, member):
    rules = shape.metadata
    if (operation, member) in KEY_ONLY and not re.fullmatch(KEY, value):
        return "AWS takes the id or the ARN of a key there, no alias"
    if shape.enum and value not in shape.enum:
        return f"one of {', '.join(shape.enum)}"
    if not rules.get("min", 0) <= len(value) <= rules.get("max", 1 << 30):
        return f"{rules.get('min', 0)} to {rules.get('max')} characters"
    with contextlib.suppress(re.error):  # Some are written for another engine.
        if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
            return f"the pattern {rules['pattern']}"


def sample(shape, named=False, name="NAME", above=()):
    """A value of this shape; texts are the names of their members, or a placeholder."""
    if shape is None or shape.name in above:
        return {}
    above = (*above, shape.name)
    if shape.type_name == "structure":
        return {key: sample(one, named, key, above) for key, one in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, named, name, above)]
    if shape.type_name == "map":
        return AnyKey(key=sample(shape.value, named, name, above))
    if shape.type_name in ("string", "blob"):
        return name if named else "NAME"
    if shape.type_name == "timestamp":
        return "2026-01-01T00:00:00Z"
    return False if shape.type_name == "boolean" else max(1, shape.metadata.get("min", 1))


def sample_of(words, answer=False):
    """A document of the input or the answer of an operation."""
    command, _ = lookup(words)
    model = command._operation_model
    return sample(model.output_shape if answer else model.input_shape)


def stand_in(command, option):
    """A value for an expression of the sources."""
    if option == "--cli-input-json":
        return json.dumps(sample(command._operation_model.input_shape))
    argument = options(command).get(option)
    model = getattr(argument, "argument_model", None)
    if model is not None and model.type_name in ("structure", "map", "list"):
        return json.dumps(sample(model))
    if model is not None and model.type_name in ("integer", "long"):
        return "1"
    return "NAME"
