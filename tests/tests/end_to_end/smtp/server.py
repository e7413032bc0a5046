"""A mail relay as SES's is: on the loopback port given, STARTTLS first, then a user. Tells each event as a line of JSON."""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

certificate, key, port, password = sys.argv[1:]


def tell(**event):
    print(json.dumps(event), flush=True)


class Relay:
    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode("utf-8", "replace")
        tell(event="mail", to=envelope.rcpt_tos, tls=session.ssl is not None, text=text)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"relay-user" and data.password == password.encode()
    tell(event="user", good=good, tls=session.ssl is not None)
    # Not handled: the server then answers 535 by itself.
    return AuthResult(success=good, handled=False)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
relay = Controller(
    Relay(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    auth_require_tls=True,
    authenticator=authenticate,
)
relay.start()
tell(event="ready")
try:
    import signal

    signal.sigwait([signal.SIGTERM, signal.SIGINT])
finally:
    relay.stop()
