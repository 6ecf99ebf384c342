"""The official Stripe package as a judge of signatures.

Reads one JSON object a line, answers one a line. `sign` makes a header; `verify` says whether a
header is accepted for a body, a secret and a moment.
"""

import json
import sys
import types

import stripe
from stripe import _webhook


def hello(_question):
    return {"version": stripe.VERSION}


def verify(question):
    now = question["now"]
    _webhook.time = types.SimpleNamespace(time=lambda: now)
    body = bytes.fromhex(question["body"])
    try:
        stripe.WebhookSignature.verify_header(
            body, question["header"], question["secret"], question["tolerance"]
        )
    except UnicodeDecodeError:
        return {"accepts": None}
    except (stripe.SignatureVerificationError, TypeError):
        return {"accepts": False}
    return {"accepts": True}


def sign(question):
    body = bytes.fromhex(question["body"]).decode("utf-8")
    header = stripe.WebhookSignature.generate_signature_header(
        body, question["secret"], question["now"]
    )
    return {"header": header}


def main():
    asked = {"hello": hello, "sign": sign, "verify": verify}
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(asked[question["ask"]](question)), flush=True)


main()
