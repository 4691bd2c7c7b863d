"""How a GitLab delivery proves where it comes from: a shared token in a header, or a signature over what was sent.

The invariant: with a signing token (`whsec_...`) the body is covered and old deliveries are refused; a plain secret is
never accepted in place of one.

The three forms, and where they are written down:

- A webhook with a *secret token* sends it as it is, in `X-Gitlab-Token` (GitLab's page on webhooks).
- A webhook with a *signing token*, `whsec_` and 32 bytes in Base64, sends `webhook-id`, `webhook-timestamp` and
  `webhook-signature`, which is `v1,` and the Base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`: the Standard Webhooks
  specification (GitLab's merge requests 230944 and 231325).
- An *external status check* with a shared secret is asked with `X-Gitlab-Signature`, the plain hexadecimal digits of
  HMAC-SHA256 over the body, with no time and no prefix (GitLab's `ExternalStatusChecks::DispatchService`). No webhook
  sends this header.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Final

from bot.forge.webhooks import BadSignature, header, too_short

SIGNING_PREFIX: Final = b"whsec_"
SCHEME: Final = "v1,"
MAX_SKEW_S: Final = 300
MAX_TIME_DIGITS: Final = 12
MAX_SIGNATURES: Final = 20
MIN_KEY_BYTES: Final = 24
"""The least that Standard Webhooks admits; GitLab makes 32."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
    """Raises `BadSignature` unless one of the secrets fits."""
    signing = [secret for secret in secrets if secret.startswith(SIGNING_PREFIX)]
    plain = [secret for secret in secrets if secret and not secret.startswith(SIGNING_PREFIX)]
    signature = header(headers, "webhook-signature")
    token = header(headers, "x-gitlab-token")
    if signing and signature is not None:
        _verify_signature(headers, body, signature, [_key(secret) for secret in signing])
    elif plain and token is not None:
        _verify_token(token, plain)
    elif plain and (digest := header(headers, "x-gitlab-signature")) is not None:
        # An external status check is asked with no token, but a digest.
        _verify_digest(digest, body, plain)
    elif signing:
        raise BadSignature(
            "the delivery has no webhook-signature header", hint="give the webhook a signing token on GitLab"
        )
    else:
        raise BadSignature(
            "the delivery has no X-Gitlab-Token header", hint="give the webhook a secret token on GitLab"
        )


def now_s() -> float:
    return time.time()


def unusable(secret: bytes) -> str | None:
    """For `WebhookDialect.unusable`."""
    if not secret.startswith(SIGNING_PREFIX):
        return too_short(secret)
    if (key := _key(secret)) is None:
        return "a signing token is `whsec_` and Base64; this one cannot be read"
    return None if len(key) >= MIN_KEY_BYTES else f"a signing token holds {MIN_KEY_BYTES} bytes or more"


def _verify_signature(
    headers: Mapping[str, str], body: bytes, signature: str, keys: Sequence[bytes | None]
) -> None:
    name, sent_at = header(headers, "webhook-id") or "", header(headers, "webhook-timestamp") or ""
    is_time = sent_at.isascii() and sent_at.isdecimal() and len(sent_at) <= MAX_TIME_DIGITS
    if not is_time or abs(now_s() - int(sent_at)) > MAX_SKEW_S:
        raise BadSignature(
            "the delivery was signed too long ago, or by a clock that is wrong",
            hint="compare the clocks here and on GitLab",
        )
    signed = b".".join((name.encode("utf-8", "surrogateescape"), sent_at.encode(), body))
    given = [
        part.removeprefix(SCHEME).encode("utf-8", "surrogateescape")
        for part in signature.split()[:MAX_SIGNATURES]
        if part.startswith(SCHEME)
    ]
    made = [base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys if key]
    _refuse_unless(_any_equal(given, made))


def _verify_token(token: str, secrets: Sequence[bytes]) -> None:
    _refuse_unless(_any_equal([token.encode("utf-8", "surrogateescape")], secrets))


def _verify_digest(digest: str, body: bytes, secrets: Sequence[bytes]) -> None:
    given = digest.encode("utf-8", "surrogateescape")
    _refuse_unless(
        _any_equal([given], [hmac.digest(secret, body, "sha256").hex().encode() for secret in secrets])
    )


def _any_equal(given: Sequence[bytes], expected: Sequence[bytes]) -> bool:
    # Everything is compared, so that the time taken does not tell which of them is in use.
    equal = [hmac.compare_digest(one, other) for one in given for other in expected]
    return any(equal)


def _refuse_unless(is_proven: bool) -> None:  # noqa: FBT001 - the one thing it is told
    if not is_proven:
        raise BadSignature(
            "the delivery was made with another secret", hint="compare the secrets here and on GitLab"
        )


def _key(secret: bytes) -> bytes | None:
    try:
        return base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True) or None
    except binascii.Error:
        return None
