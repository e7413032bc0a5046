"""Judges what receivers got: standardwebhooks verifies webhooks, slack_sdk reads blocks."""

import json
import os
import sys

from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
assert len(given["webhooks"]) >= 6 and len(given["slack"]) == 3, given

documented = {}
exec(given["documented"], documented)


def refused(verify, headers, body):
    try:
        verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


for call in given["webhooks"]:
    headers, body = call["headers"], call["body"]
    for secret in given["secrets"]:
        verify = Webhook(secret).verify
        event = verify(body, headers)
        assert event["id"] == headers["webhook-id"]
        assert refused(verify, headers, body.replace("request.", "reqvest.").replace('"test"', '"text"'))
        assert refused(verify, {**headers, "webhook-id": "msg_other"}, body)
        later = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}
        assert refused(verify, later, body)
        os.environ["WEBHOOK_SECRET"] = secret
        assert documented["event_of"](headers, body) == event
    other = Webhook("whsec_" + "A" * 43 + "=").verify
    assert refused(other, headers, body)

for call in given["slack"]:
    message = json.loads(call["body"])
    blocks = Block.parse_all(message["blocks"])
    for block in blocks:
        block.validate_json()
    # What slack_sdk does not know it leaves out.
    assert [block.to_dict() for block in blocks] == message["blocks"], message
    assert len(message["text"]) > 0
