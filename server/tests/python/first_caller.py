"""What a service in Python does first: hands on a webhook, then asks what the business earns.

Arguments: the server's gRPC address and the signing secret. It checks the answers itself.
"""

import hashlib
import hmac
import json
import sys
import time

import grpc
from takings.v1 import (
    analytics_service_pb2,
    analytics_service_pb2_grpc,
    revenue_service_pb2,
    revenue_service_pb2_grpc,
)

ADDRESS, SECRET = sys.argv[1:]
OUTCOME = revenue_service_pb2.WebhookOutcome
CREATED = int(time.time()) - 3600


def event(number, kind, obj):
    body = {"id": f"evt_{number}", "object": "event", "type": kind, "created": CREATED}
    return json.dumps({**body, "livemode": True, "data": {"object": obj}}).encode()


def signature(payload, secret):
    at = str(int(time.time()))
    digest = hmac.new(secret.encode(), at.encode() + b"." + payload, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


def customer():
    return {"id": "cus_1", "object": "customer", "created": CREATED, "name": "Ada Lovelace",
            "email": "ada@example.com", "balance": 0, "currency": "usd"}


def subscription():
    price = {"id": "price_1", "object": "price", "currency": "usd", "unit_amount": 1900,
             "product": "prod_1", "recurring": {"interval": "month", "interval_count": 1}}
    item = {"id": "si_1", "price": price, "quantity": 3, "current_period_start": CREATED,
            "current_period_end": CREATED + 30 * 86400}
    return {"id": "sub_1", "object": "subscription", "created": CREATED, "customer": "cus_1",
            "status": "active", "currency": "usd", "start_date": CREATED,
            "items": {"object": "list", "has_more": False, "data": [item]}}


def main():
    with grpc.insecure_channel(ADDRESS) as channel:
        revenue = revenue_service_pb2_grpc.RevenueServiceStub(channel)
        analytics = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)

        def ingest(payload, secret=SECRET):
            header = signature(payload, secret)
            request = revenue_service_pb2.IngestWebhookRequest(
                provider="stripe", payload=payload, signature_header=header)
            return revenue.IngestWebhook(request, timeout=10)

        answer = ingest(event(1, "customer.created", customer()))
        assert (answer.event_id, answer.outcome) == ("evt_1", OUTCOME.WEBHOOK_OUTCOME_APPLIED)
        answer = ingest(event(1, "customer.created", customer()))
        assert answer.outcome == OUTCOME.WEBHOOK_OUTCOME_DUPLICATE
        answer = ingest(event(2, "customer.subscription.created", subscription()))
        assert answer.outcome == OUTCOME.WEBHOOK_OUTCOME_APPLIED
        try:
            ingest(event(3, "customer.created", customer()), secret="whsec_wrong")
            raise AssertionError("a forged event was taken")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error

        customers = revenue.ListCustomers(revenue_service_pb2.ListCustomersRequest(), timeout=10)
        (ada,) = customers.customers
        assert (ada.customer_id, ada.name, ada.email) == ("cus_1", "Ada Lovelace", "ada@example.com")
        assert [(mrr.amount_minor, mrr.currency_code) for mrr in ada.mrr] == [(5700, "USD")]

        summary = analytics.GetRevenueSummary(
            analytics_service_pb2.GetRevenueSummaryRequest(), timeout=10)
        assert (summary.customer_count, summary.subscriber_count) == (1, 1)
        (usd,) = summary.currencies
        assert (usd.currency_code, usd.mrr.amount_minor, usd.arr.amount_minor) == ("USD", 5700, 68400)
        print(f"MRR {usd.mrr.amount_minor} {usd.currency_code}, ARR {usd.arr.amount_minor}")


main()
