"""TLS as ThingsBoard speaks it (contract 1.4): a client certificate is wanted, not needed, and any is let through.

Python's own ssl lets no certificate through that it cannot trace to a CA, which is why this rests on pyOpenSSL.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

CLIENT_CERTIFICATE = "client_certificate"
"""get_extra_info() by this name: the certificate that the client has shown, an x509.Certificate."""

HANDSHAKE_TIMEOUT_S = 10.0
_RECORD_BYTES = 16 * 1024

Chain = list[x509.Certificate]


def server_context(certificate: bytes, key: bytes) -> SSL.Context:
    """Be the server of *certificate*, a PEM text with its chain behind it. ValueError says what is wrong."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)  # each handshake is a whole one
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    try:
        leaf, *chain = x509.load_pem_x509_certificates(certificate)
    except ValueError as error:
        raise ValueError("the certificate is no PEM") from error
    try:
        private_key: Any = load_pem_private_key(key, None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the private key is no PEM, or encrypted") from error
    try:
        context.use_certificate(leaf)
        for issuer in chain:
            context.add_extra_chain_cert(issuer)
        context.use_privatekey(private_key)
    except (SSL.Error, TypeError) as error:
        raise ValueError(f"certificate and private key cannot be used: {_reason(error)}") from error
    return context


class BrokenChain(ValueError):
    """A certificate that the client has shown was not signed by the next one."""


def client_chain(connection: SSL.Connection) -> Chain:
    """Return what the client has shown, its own certificate first, or nothing. ValueError if that makes no chain."""
    leaf = connection.get_peer_certificate(as_cryptography=True)
    if leaf is None:
        return []
    chain = [leaf, *(connection.get_peer_cert_chain(as_cryptography=True) or [])]
    for certificate, issuer in itertools.pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise BrokenChain("a client certificate is not signed by the next one") from error
    return chain


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """A protocol to the TCP connection below, and a transport to the protocol above, which begins after the handshake.

    *live* is the set of open ones. *on_shown* is given the client's certificates, if it has shown any; *on_failure* the
    reason why there is no connection. One whose chain is broken is closed without the alert that ThingsBoard sends.
    """

    def __init__(
        self,
        context: SSL.Context,
        live: "set[TlsTransport]",
        make_protocol: Callable[[], asyncio.Protocol],
        on_shown: Callable[[Chain], None],
        on_failure: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._tls = SSL.Connection(context)
        self._tls.set_accept_state()
        self._live = live
        self._make_protocol = make_protocol
        self._on_shown = on_shown
        self._on_failure = on_failure
        self._above: asyncio.Protocol | None = None
        self._failure: str | None = None
        self._tcp: asyncio.Transport
        self._timer: asyncio.TimerHandle

    # -- asyncio.Protocol, for TCP

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's first bytes, but not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport
        self._live.add(self)
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, self._fail, "timeout")

    def data_received(self, data: bytes) -> None:
        """Decrypt *data*, and pass it on."""
        self._tls.bio_write(data)
        try:
            if self._above is None:
                self._shake_hands()
            while self._above is not None and not self._tcp.is_closing():
                self._above.data_received(self._tls.recv(_RECORD_BYTES))
        except SSL.WantReadError:
            self._flush()
        except SSL.ZeroReturnError:
            self.close()
        except SSL.Error as error:
            self._flush()  # the alert
            self._fail(_reason(error))
        except ValueError as error:
            self._fail(str(error))

    def eof_received(self) -> None:
        """The client has gone; TCP closes."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol above, or that there never was one."""
        self._timer.cancel()
        self._live.discard(self)
        if self._above is not None:
            self._above.connection_lost(exc)
        else:
            self._on_failure(self._failure or "closed by the client")

    def pause_writing(self) -> None:
        """The client does not read."""
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        if self._above is not None:
            self._above.resume_writing()

    # -- asyncio.Transport, for the protocol above

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if data and not self._tcp.is_closing():
            self._tls.sendall(data)
            self._flush()

    def close(self) -> None:
        """Close after what has been written."""
        if not self._tcp.is_closing():
            with suppress(SSL.Error):
                self._tls.shutdown()
            self._flush()
            self._tcp.close()

    def abort(self) -> None:
        """Close at once."""
        self._tcp.abort()

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._tcp.is_closing()

    def pause_reading(self) -> None:
        """Take nothing more from the client; what has come is still passed on."""
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Take from the client again."""
        self._tcp.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when to pause."""
        self._tcp.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """CLIENT_CERTIFICATE, and what TCP knows."""
        if name == CLIENT_CERTIFICATE:
            return self._tls.get_peer_certificate(as_cryptography=True)
        return self._tcp.get_extra_info(name, default)

    # -- inside

    def _shake_hands(self) -> None:
        """Begin the protocol above once the client has proved who it is. SSL.WantReadError: not yet."""
        self._tls.do_handshake()
        chain = client_chain(self._tls)
        self._timer.cancel()
        if chain:
            self._on_shown(chain)
        self._flush()
        self._above = self._make_protocol()
        self._above.connection_made(self)

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._tcp.close()

    def _flush(self) -> None:
        with suppress(SSL.WantReadError):
            while True:
                self._tcp.write(self._tls.bio_read(_RECORD_BYTES))


def _reason(error: Exception) -> str:
    """What OpenSSL says last, or the error's own words."""
    errors = error.args[0] if isinstance(error, SSL.Error) and error.args else None
    return str(errors[-1][-1]) if isinstance(errors, list) and errors else str(error)
