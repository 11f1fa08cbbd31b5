"""CONNECT: who is it, may it come in, and what is sent before the answer (contract 1.2, 1.5, 1.6)."""

from collections import deque
from enum import IntEnum

from tbtools.server import codec, credentials
from tbtools.server.connection import CloseConnection, Connection, PacketHandler
from tbtools.server.core import Core
from tbtools.server.device_session import DeviceSession
from tbtools.server.faults import Action, Point
from tbtools.server.model import Credentials, Device
from tbtools.server.packets import Connect, Packet
from tbtools.server.provision_session import ProvisionSession

PROVISION_LOGIN = "provision"
_TRANSPORT_TYPES = ("DEFAULT", "MQTT")


class ConnackCode(IntEnum):
    """The return codes ThingsBoard sends to an MQTT 3.1.1 client; 1 and 4 never occur."""

    ACCEPTED = 0
    IDENTIFIER_REJECTED = 2
    UNAVAILABLE = 3
    NOT_AUTHORIZED = 5


class Handshake:
    """A connection's packet handler: answers CONNECT and gives everything else to the session it opened.

    Packets that come before the session is open wait here, up to a limit.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[Packet] = deque()
        self._session: PacketHandler | None = None

    @property
    def mode(self) -> str | None:
        """The open session's kind."""
        return self._session.mode if self._session else None

    def on_packet(self, packet: Packet) -> None:
        """Answer CONNECT, the first as any later one; pass on or keep the rest."""
        if isinstance(packet, Connect):
            self._connect(packet)
        elif self._session is not None:
            self._session.on_packet(packet)
        elif self._core.settings.version.queues_before_connack:
            self._waiting.append(packet)
            if len(self._waiting) > self._core.settings.pre_connack_queue:
                raise CloseConnection("too many packets before CONNACK")

    def on_close(self) -> None:
        """Tell the session."""
        if self._session is not None:
            self._session.on_close()

    @property
    def _core(self) -> Core:
        return self._connection.core

    def _connect(self, packet: Connect) -> None:
        if PROVISION_LOGIN in (packet.username, packet.client_id):
            self._answer(packet, ConnackCode.ACCEPTED, "", ProvisionSession(self._connection))
            return
        # A client certificate would decide here, before user name and password are looked at (contract 1.2).
        device = self._find_device(packet)
        if device is None:
            self._answer(packet, self._refusal(packet), "no match for the credentials", None)
        elif device.profile.transport_type not in _TRANSPORT_TYPES:
            self._answer(packet, ConnackCode.UNAVAILABLE, "transport type of the profile", None)
        else:
            session = DeviceSession(self._connection, device)
            if session.allow_message():
                self._answer(packet, ConnackCode.ACCEPTED, "", session)
            else:
                self._answer(packet, ConnackCode.UNAVAILABLE, "rate limit", None)

    def _find_device(self, packet: Connect) -> Device | None:
        store = self._core.store

        def find(lookup_id: str) -> Credentials | None:
            device = store.device_by_lookup_id(lookup_id)
            return device.credentials if device else None

        found = credentials.match(find, packet.client_id, packet.username, packet.password)
        return store.device_by_lookup_id(found.lookup_id) if found else None

    def _refusal(self, packet: Connect) -> ConnackCode:
        nameless = not packet.username and not packet.password and packet.client_id.strip()
        if nameless and self._core.settings.version.tells_unknown_client_id:
            return ConnackCode.IDENTIFIER_REJECTED
        return ConnackCode.NOT_AUTHORIZED

    def _answer(self, packet: Connect, code: int, cause: str, session: ProvisionSession | DeviceSession | None) -> None:
        connection, version = self._connection, self._core.settings.version
        mode = session.mode if session else None
        fault = connection.fault_at(Point.CONNACK, mode)
        if fault is not None and fault.action is Action.REFUSE:
            code, cause, session, fault = fault.code, "fault", None, None
        elif connection.closing:
            cause, session = "fault", None
        session_present = not packet.clean_session or version.session_present_always
        connection.journal(
            "connect",
            mode=mode,
            accepted=session is not None,
            device=session.device.name if isinstance(session, DeviceSession) else None,
            client_id=packet.client_id if packet.username not in ("", packet.client_id) else "***",
            code=int(code),
            cause=cause,
            session_present=session_present,
        )
        data = codec.connack(session_present, code)
        connection.deliver(fault, data, then=lambda: self._open(session) if session else connection.close(cause))

    def _open(self, session: ProvisionSession | DeviceSession) -> None:
        if self._session is not None and self._session is not session:
            self._session.on_close()
        self._session = session
        session.open()
        self._connection.fault_at(Point.CONNECTED)
        while self._waiting and not self._connection.closing:
            session.on_packet(self._waiting.popleft())
