"""A sender that posts a call to one address over HTTP or HTTPS, with time-outs and idempotency keys."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from pipeline.errors import TableError
from pipeline.route.ladder import Endpoint
from pipeline.route.outbox import Call, Receipt, SendFailed

__all__ = ["Webhook"]

_LONGEST_ANSWER = 65_536
_TRY_AGAIN = frozenset({408, 425, 429})
_KNOWN_ALREADY = 409
"""What a receiver may answer to a key that it has seen: the call has arrived."""
_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError, "对方拒绝连接"),
    (socket.gaierror, "找不到对方主机"),
    (ssl.SSLError, "对方的证书或加密不对"),
    (http.client.HTTPException, "对方的应答不完整"),
    (ConnectionError, "连接被对方断开"),
)
"""What a broken exchange is called, the first that fits."""


class Webhook:
    """Posts calls as JSON.

    The request carries ``Idempotency-Key``; a receiver that has seen the key does nothing and answers 2xx or 409. An
    answer ``{"acknowledged": true, "by": "…"}`` acknowledges. 408, 425, 429, 5xx, time-outs and broken lines are tried
    again, other answers are final; redirections are not followed.

    Parameters
    ----------
    endpoint : Endpoint
        Where to, and how long to wait for each step of the exchange.

    Raises
    ------
    TableError
        If the address is missing or is neither http nor https.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._url = _split(endpoint.url)
        self._timeout = endpoint.timeout_seconds

    def send(self, call: Call) -> Receipt:
        """Post a call.

        Raises
        ------
        SendFailed
            If it did not arrive, or if nobody knows whether it did.
        """
        link = self._connect()
        try:
            link.request("POST", self._target, body=_body(call), headers=_headers(call))
            answer = link.getresponse()
            text = answer.read(_LONGEST_ANSWER)
        except TimeoutError:
            raise SendFailed("对方超时") from None
        except (OSError, http.client.HTTPException) as error:
            raise SendFailed(_why(error)) from None
        finally:
            link.close()
        return _judge(answer.status, answer.getheader("Retry-After"), text)

    @property
    def _target(self) -> str:
        query = f"?{self._url.query}" if self._url.query else ""
        return (self._url.path or "/") + query

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=self._timeout)


def _split(url: str) -> SplitResult:
    if not url:
        raise TableError(
            "没有配置叫应的发送地址", where="data/calls.toml webhook", remedy="填写 url,或用 calls send --url 地址"
        )
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        known = False
    if not known or any(ord(char) < 33 or ord(char) > 126 for char in url):
        raise TableError(
            "叫应的发送地址不对", where="data/calls.toml webhook", expected="http:// 或 https:// 开头的地址"
        )
    return parts


def _headers(call: Call) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": call.key.encode("utf-8").hex() if not call.key.isascii() else call.key,
    }


def _body(call: Call) -> bytes:
    alarm = call.alarm
    record = {
        "key": call.key,
        "ticket": alarm.ticket,
        "to": call.to,
        "unit": alarm.unit,
        "district": alarm.district,
        "matter": alarm.matter,
        "entered": call.entered.isoformat(),
        "rung": call.rung + 1,
        "round": call.round + 1,
    }
    return json.dumps(record, ensure_ascii=False).encode("utf-8")


def _why(error: Exception) -> str:
    """Return in Chinese why an exchange broke off."""
    return next((told for kind, told in _TROUBLES if isinstance(error, kind)), "连不上对方")


def _judge(status: int, retry_after: str | None, text: bytes) -> Receipt:
    """Return the receipt that an answer is worth.

    Raises
    ------
    SendFailed
        If the answer is neither 2xx nor 409.
    """
    if 200 <= status < 300:
        return _receipt(text)
    if status == _KNOWN_ALREADY:
        return Receipt()
    wait = int(retry_after) if retry_after and retry_after.isdecimal() and len(retry_after) < 7 else None
    raise SendFailed(f"对方应答 {status}", final=status < 500 and status not in _TRY_AGAIN, wait_seconds=wait)


def _receipt(text: bytes) -> Receipt:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return Receipt()
    if not isinstance(said, dict) or said.get("acknowledged") is not True:
        return Receipt()
    return Receipt(True, str(said.get("by", ""))[:64])
