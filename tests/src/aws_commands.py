"""Runs commands of the AWS command line for the tests: the program is loaded once, and each command runs in a fork of it.

Loading it takes more processor time than nearly all commands. A caller connects to the Unix socket that is named on the
command line, writes a line of JSON with `arguments` and `environment`, and reads a line of JSON with `status` and the
lengths of `stdout` and `stderr`, then those two.
"""

import json
import os
import socketserver
import sys
import tempfile
import traceback

# Nothing of whoever runs the tests: neither their credentials nor their configuration.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_PAGER="")

# Below the lines above: on import, it sets variables of its own.
from awscli.clidriver import create_clidriver

# What the tests call most: their descriptions are read before the fork.
SERVICES = ("cloudformation", "dynamodb", "events", "iam", "lambda", "logs", "s3", "secretsmanager", "sqs", "ssm", "stepfunctions")


class Command(socketserver.StreamRequestHandler):
    def handle(self):
        asked = json.loads(self.rfile.readline())
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ.update(asked["environment"])
            try:
                status = driver.main(asked["arguments"])
            except SystemExit as end:
                status = end.code
            except BaseException:
                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            lengths = {"status": status or 0, "stdout": os.fstat(1).st_size, "stderr": os.fstat(2).st_size}
            self.wfile.write(json.dumps(lengths).encode() + b"\n")
            for file in (out, err):
                file.seek(0)
                self.wfile.write(file.read())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    block_on_close = False
    request_queue_size = 64


driver = create_clidriver()
for service in SERVICES:
    driver.session.get_service_model(service)
with Server(sys.argv[1], Command) as server:
    print("ready", flush=True)
    server.serve_forever()
