"""Serves moto on the loopback port given, and stores each mail that its SES accepts in the Maildir given.

What moto 5.2.5 lacks for infra/template.yaml is added here; docs/engines.md has the list.
"""

import json
import os
import pathlib
import sys
import uuid

from moto.cloudformation import models as cloudformation
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import main
from moto.ses.models import SESBackend
from moto.stepfunctions import models as stepfunctions_models
from moto.stepfunctions import responses as stepfunctions
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

port, mailbox = sys.argv[1], pathlib.Path(sys.argv[2])


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


for folder in ["tmp", "new"]:
    (mailbox / folder).mkdir(parents=True, exist_ok=True)
stepfunctions.StepFunctionResponse.send_task_failure = send_task_failure
stepfunctions_models.stepfunctions_backends = stepfunctions_parser_backends
stepfunctions_models.StateMachine.create_from_cloudformation_json = create_state_machine
parse_template = cloudformation.Stack.parse_template
cloudformation.Stack.parse_template = staticmethod(expanded)
send_raw_email = SESBackend.send_raw_email
SESBackend.send_raw_email = store
# The translator asks for a region.
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
default_user_config["stepfunctions"] = {"execute_state_machine": True}
# Without Docker, functions are stored and never run.
default_user_config["lambda"] = {"use_docker": False}
main(["-H", "127.0.0.1", "-p", port])
