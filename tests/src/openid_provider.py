# An OpenID provider for the tests: python openid_provider.py PORT REDIRECT SECRET
#
# Canaille, with one person, who is known by the address as a user name: it has no claim that says that an address is verified. Prints
# "ready" before it answers.
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey

port, redirect, secret = sys.argv[1:]
address = "signer@example.com"
app = create_app(
    {
        "SECRET_KEY": "only-in-tests",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "DATABASE": "memory",
        "CANAILLE": {"SMTP": None, "JAVASCRIPT": False},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [RSAKey.generate_key(2048, parameters={"kid": "key-1"}).as_dict(private=True)]
        },
    }
)
with app.app_context():
    backend = Backend.instance
    names = {"user_name": address, "family_name": "Signer", "formatted_name": "Signer"}
    backend.save(models.User(**names, emails=[address], password="any-password-1"))
    client = models.Client(
        client_id="countersign",
        client_name="Countersign",
        # Without a consent: Canaille trusts clients of this host.
        client_uri="http://127.0.0.1",
        client_secret=secret,
        redirect_uris=[redirect],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "email", "profile"],
        token_endpoint_auth_method="client_secret_basic",
        id_token_signed_response_alg="RS256",
    )
    backend.save(client)
    client.audience = [client]
    backend.save(client)
print("ready", flush=True)
app.run(host="127.0.0.1", port=int(port))
