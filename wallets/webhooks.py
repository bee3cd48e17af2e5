"""Where pushed transactions arrive: check, keep, answer; everything else happens afterwards."""

import hmac
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from aura.core import quota
from wallets.actions import keep_delivery

VENDOR: Final = "helius"
# A raw delivery of a busy block stays far below this; more is refused before it is read.
BODY_LIMIT: Final = 4 * 1024 * 1024


@csrf_exempt
@require_POST
def receive_transactions(request: HttpRequest) -> HttpResponse:
    """Keep a pushed body durably and answer 200; Helius loses what is not answered in a second.

    401 without the shared secret in `Authorization` (compared in constant time), 413 for a body
    over 4 MiB, 400 for an empty one. What the body says is judged after the answer.
    https://www.helius.dev/docs/webhooks
    """
    told = request.headers.get("Authorization", "")
    secret = settings.WEBHOOK_SECRET
    if not secret or not hmac.compare_digest(told.encode(), secret.encode()):
        return JsonResponse({"error": "unknown sender"}, status=401)
    try:
        length = int(request.headers.get("Content-Length") or 0)
        body = b"" if length > BODY_LIMIT else request.body
    except (ValueError, RequestDataTooBig):
        length, body = BODY_LIMIT + 1, b""
    except UnreadablePostError:
        return JsonResponse({"error": "body cut off"}, status=400)
    if max(length, len(body)) > BODY_LIMIT:
        return JsonResponse({"error": "body too large", "limit_bytes": BODY_LIMIT}, status=413)
    if not body:
        return JsonResponse({"error": "empty body"}, status=400)
    delivery = keep_delivery(body, source="webhook")
    # https://www.helius.dev/docs/billing/credits: a credit an event, and each has one block time
    quota.charge(VENDOR, max(1, body.count(b'"blockTime"')))
    return JsonResponse({"kept": delivery.pk})
