"""Serves moto with Step Functions switched on, on the loopback port given."""

import sys

from moto.core.config import default_user_config
from moto.server import main
from moto.stepfunctions import responses


def send_task_failure(self):
    # As in moto 5.2.5, which leaves the cause behind.
    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return responses.EmptyResult()


responses.StepFunctionResponse.send_task_failure = send_task_failure
default_user_config["stepfunctions"] = {"execute_state_machine": True}
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
