"""Serves moto on a free loopback port, and stores each mail that its SES accepts.

The folder given gets the file `port` once the server listens, and the Maildir `mailbox`. Everything that moto 5.2.5 lacks
for infra/template.yaml is added here; docs/engines.md has the list.

Invariant: SHARED is held by every request, and by the threads of executions where they touch what others touch. moto's
server and its Step Functions interpreter run in threads and lock next to nothing.
"""

import copy
import functools
import io
import json
import os
import pathlib
import sys
import threading
import uuid

import boto3
from botocore.config import Config

from moto.cloudformation import models as cloudformation
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.ses.models import SESBackend
from moto.sqs.models import Queue
from moto.stepfunctions import models as stepfunctions_models
from moto.stepfunctions import responses as stepfunctions
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import Timeout
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_sqs
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from werkzeug.serving import make_server

folder = pathlib.Path(sys.argv[1])
mailbox = folder / "mailbox"
# Reentrant: a request that starts an execution parses its definition. Notified after each request.
SHARED = threading.Condition(threading.RLock())


def one_at_a_time(environ, start_response):
    """The WSGI application: reads a request, then answers it under the lock."""
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    with SHARED:
        answer = moto(environ, start_response)
        try:
            return list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
            SHARED.notify_all()


def wait_for_messages(queue, timeout):
    """The wait of a long poll, without the lock; the poll reads the queue again afterwards."""
    if not queue.messages:
        SHARED.wait(timeout)


def locked(function):
    @functools.wraps(function)
    def under_the_lock(*arguments, **named):
        with SHARED:
            return function(*arguments, **named)

    return under_the_lock


@locked
@functools.cache
def sqs_client(region):
    # boto3's default session is for one thread, its clients are for all.
    configuration = Config(retries={"total_max_attempts": 1}, max_pool_connections=64)
    url = f"http://127.0.0.1:{server.server_port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("sqs", region_name=region, endpoint_url=url, config=configuration, **keys)


def start_worker(worker):
    """Prepares an execution before its thread starts.

    moto 5.2.5 does that in the thread: until the definition is parsed, SendTaskSuccess and SendTaskFailure for any other
    execution end in an AttributeError, which is status 500.
    """
    program = copy.deepcopy(parse(worker._evaluation_details.state_machine_details.definition)[0])
    worker.env = environment = worker._get_evaluation_environment()
    worker._get_evaluation_entrypoint = lambda: program
    worker._get_evaluation_environment = lambda: environment
    start_in_thread(worker)


def send_task_failure(self):
    # As in moto 5.2.5, which leaves the cause behind.
    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return stepfunctions.EmptyResult()


def expanded(template):
    """The template after its transform, by the translator that AWS publishes."""
    parsed = parse_template(template)
    if parsed.get("Transform") == "AWS::Serverless-2016-10-31":
        parsed = Translator({}, Parser()).translate(parsed, {})
        parsed.pop("Transform", None)
    return parsed


def without_no_value(template, resources):
    """AWS::NoValue takes an element out of a list; moto leaves a null."""
    cleaned = clean_json(template, resources)
    return [one for one in cleaned if one is not None] if isinstance(template, list) else cleaned


def create_state_machine(name, resource, account_id, region_name, **_):
    """AWS::StepFunctions::StateMachine whose definition is in S3, with substitutions, on the engine that runs it."""
    properties = resource["Properties"]
    location = properties["DefinitionS3Location"]
    stored = s3_backends[account_id]["aws"].get_object(location["Bucket"], location["Key"])
    definition = stored.value.decode()
    for key, value in properties["DefinitionSubstitutions"].items():
        definition = definition.replace("${" + key + "}", value)
    backend = stepfunctions_parser_backends[account_id][region_name]
    return backend.create_state_machine(name, definition, properties["RoleArn"])


class Secret(CloudFormationModel):
    """AWS::SecretsManager::Secret with a generated value."""

    # moto files a model under the second part of its module.
    __module__ = "moto.secretsmanager.models"

    def __init__(self, arn):
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @staticmethod
    def cloudformation_type():
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr == "Id"

    def get_cfn_attribute(self, attr):
        return self.physical_resource_id

    def is_created(self):
        return True

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        backend = secretsmanager_backends[account_id][region_name]
        generate = cloudformation_json["Properties"]["GenerateSecretString"]
        value = backend.get_random_password(
            int(generate["PasswordLength"]), "", False, generate["ExcludePunctuation"], False, False, False, True
        )
        value = json.loads(value)["RandomPassword"]
        secret = backend.create_secret(resource_name, value, None, None, None, None, None, [], False)
        return cls(json.loads(secret)["ARN"])

    def delete(self, account_id, region_name):
        secretsmanager_backends[account_id][region_name].delete_secret(self.physical_resource_id, 7, False)


def store(backend, source, destinations, raw_data):
    accepted = send_raw_email(backend, source, destinations, raw_data)
    name = uuid.uuid4().hex
    (mailbox / "tmp" / name).write_bytes(raw_data.encode())
    os.rename(mailbox / "tmp" / name, mailbox / "new" / name)
    return accepted


for name in ["tmp", "new"]:
    (mailbox / name).mkdir(parents=True, exist_ok=True)
stepfunctions.StepFunctionResponse.send_task_failure = send_task_failure
stepfunctions_models.stepfunctions_backends = stepfunctions_parser_backends
stepfunctions_models.StateMachine.create_from_cloudformation_json = create_state_machine
clean_json = parsing.clean_json
parsing.clean_json = without_no_value
parse_template = cloudformation.Stack.parse_template
cloudformation.Stack.parse_template = staticmethod(expanded)
send_raw_email = SESBackend.send_raw_email
SESBackend.send_raw_email = store
# The translator asks for a region.
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
default_user_config["stepfunctions"] = {"execute_state_machine": True}
# Without Docker, functions are stored and never run.
default_user_config["lambda"] = {"use_docker": False}
# ANTLR's parsers share their caches.
parse = locked(functools.cache(AmazonStateLanguageParser.parse))
AmazonStateLanguageParser.parse = staticmethod(parse)
json_path.parse = locked(functools.cache(json_path.parse))
state_task_service_sqs.boto_client_for = lambda region, service, state_credentials: sqs_client(region)
# A task whose time-out passes before it is scheduled evaluates nothing any more in moto 5.2.5, and its event gets the input
# in place of the seconds.
Timeout.eval = Timeout._eval_body
start_in_thread = ExecutionWorker.start
ExecutionWorker.start = start_worker
# The status is set before the output and the error.
BaseExecutionWorkerCommunication.terminated = locked(BaseExecutionWorkerCommunication.terminated)
Queue.wait_for_messages = wait_for_messages
moto = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
(folder / "port.new").write_text(str(server.server_port))
os.rename(folder / "port.new", folder / "port")
server.serve_forever()
