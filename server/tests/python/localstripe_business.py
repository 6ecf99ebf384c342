"""A small business on a localstripe: plans, customers, subscriptions, a cancellation.

Arguments: localstripe's port, the webhook's URL, its signing secret. Prints, as JSON, what the
business amounts to by localstripe's own answers.
"""

import base64
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

BASE = "http://localhost:" + sys.argv[1]


def call(method, path, **fields):
    data = urllib.parse.urlencode(fields).encode() if fields else None
    request = urllib.request.Request(BASE + path, data=data, method=method)
    request.add_header("Authorization", "Basic " + base64.b64encode(b"sk_test_12345:").decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def wait_until_it_listens():
    for _ in range(300):
        try:
            return call("GET", "/v1/plans")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("localstripe does not listen")


def plan(name, amount, currency, interval):
    return call(
        "POST", "/v1/plans", id=name, amount=amount, currency=currency, interval=interval, name=name
    )["id"]


def customer(name):
    card = {"card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2040"}
    token = call("POST", "/v1/tokens", **card, **{"card[cvc]": "123"})
    email = name + "@example.com"
    return call("POST", "/v1/customers", source=token["id"], description=name, email=email)["id"]


def subscribe(who, plan_id, quantity=1):
    fields = {"items[0][plan]": plan_id, "items[0][quantity]": quantity}
    return call("POST", "/v1/subscriptions", customer=who, **fields)


def monthly(subscription):
    """The monthly price in minor units, as (amount, per how many months)."""
    item = subscription["items"]["data"][0]
    months = {"month": 1, "year": 12}[item["plan"]["interval"]]
    return item["plan"]["currency"].upper(), item["plan"]["amount"] * item["quantity"] // months


def main():
    wait_until_it_listens()
    call("POST", "/_config/webhooks/takings", url=sys.argv[2], secret=sys.argv[3])
    month = plan("month", 2900, "usd", "month")
    year = plan("year", 34800, "usd", "year")
    euro = plan("euro", 1500, "eur", "month")
    ada, grace, edsger, idle = (customer(name) for name in ("ada", "grace", "edsger", "idle"))
    kept = [subscribe(ada, month), subscribe(grace, year, 2), subscribe(edsger, euro, 3)]
    ended = subscribe(idle, month)
    # An event's second must pass, or the end could lie in the same one as the start.
    time.sleep(1.1)
    call("DELETE", "/v1/subscriptions/" + ended["id"])
    mrr, gross = {}, {}
    for subscription in kept + [ended]:
        assert subscription["status"] == "active", subscription
        currency, amount = monthly(subscription)
        if subscription is not ended:
            mrr[currency] = mrr.get(currency, 0) + amount
        paid = call("GET", "/v1/invoices/" + subscription["latest_invoice"])["amount_paid"]
        gross[currency] = gross.get(currency, 0) + paid
    events = [event["id"] for event in call("GET", "/v1/events?limit=100")["data"]]
    summary = {"mrr": mrr, "gross": gross, "customers": 4, "subscribers": len(kept)}
    print(json.dumps({**summary, "events": events}))


main()
