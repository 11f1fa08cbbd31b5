"""Certificates for tests, and servers that show them."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import trustme
from OpenSSL import SSL
from tbtools.server.tls import server_context

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close by a reset."""


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, as PEM texts."""

    certificate: str
    key: str


RSA = trustme.KeyType.RSA
ECDSA = trustme.KeyType.ECDSA


class Authority:
    """A CA that signs for servers and devices; its key and theirs are of *key_type*."""

    def __init__(self, key_type: trustme.KeyType = ECDSA, above: "Authority | None" = None) -> None:
        self._key_type = key_type
        self._ca: trustme.CA = trustme.CA(above._ca if above else None, key_type=key_type)

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return self._ca.cert_pem.bytes().decode()

    def device(self, common_name: str, *names: str, expired: bool = False) -> Identity:
        """Sign for a device, with *names* as further ones. Behind its certificate come those of the CAs above, but for
        the topmost.
        """
        return self._sign(*names, common_name=common_name, expired=expired)

    def intermediate(self) -> "Authority":
        """Make a CA below."""
        return Authority(self._key_type, self)

    def server_identity(self, *, host: str = "127.0.0.1", expired: bool = False) -> Identity:
        """Sign for a server of that name or address."""
        return self._sign(host, expired=expired)

    def server(self, *, host: str = "127.0.0.1", expired: bool = False) -> SSL.Context:
        """Be a ThingsBoard of that name or address."""
        identity = self.server_identity(host=host, expired=expired)
        return server_context(identity.certificate.encode(), identity.key.encode())

    def strict_server(self, *, needs_certificate: bool = False) -> ssl.SSLContext:
        """Be another server, at 127.0.0.1, which lets only devices of this CA through."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("127.0.0.1").configure_cert(context)
        self._ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED if needs_certificate else ssl.CERT_OPTIONAL
        return context

    def _sign(self, *names: str, common_name: str | None = None, expired: bool) -> Identity:
        now = datetime.now(timezone.utc)
        leaf = self._ca.issue_cert(
            *names,
            common_name=common_name,
            not_before=now - timedelta(days=2) if expired else None,
            not_after=now - timedelta(days=1) if expired else None,
            key_type=self._key_type,
        )
        chain = "".join(pem.bytes().decode() for pem in leaf.cert_chain_pems)
        return Identity(chain, leaf.private_key_pem.bytes().decode())


@contextmanager
def refusing_server(tls: ssl.SSLContext) -> Iterator[int]:
    """Serve handshakes, and nothing behind them, on the port that is given; a failed one ends in its alert."""

    def serve(client: socket.socket) -> None:
        with tls.wrap_socket(client, server_side=True) as connection:
            connection.recv(1)

    with _server(serve) as port:
        yield port


@contextmanager
def hanging_up_server(linger: bytes | None) -> Iterator[int]:
    """Take connections on the port that is given and close them at once, by default or as *linger* says."""

    def serve(client: socket.socket) -> None:
        if linger is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with _server(serve) as port:
        yield port


@contextmanager
def _server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection after the other, each in an attempt that may fail."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        serve(client)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
