"""CONNECT: who is it, may it come in, and what is sent before the answer (contract 1.2, 1.5, 1.6)."""

from collections import deque
from dataclasses import dataclass

from tbtools.server import credentials
from tbtools.server.certificates import device_of
from tbtools.server.connection import CloseConnection, Connection, PacketHandler
from tbtools.server.core import Core
from tbtools.server.device_session import DeviceSession
from tbtools.server.encoder import encoder_for
from tbtools.server.faults import Action, Point
from tbtools.server.model import Credentials, Device
from tbtools.server.packets import Connect, Packet
from tbtools.server.provision_session import ProvisionSession
from tbtools.server.reasons import Reason

PROVISION_LOGIN = "provision"
_TRANSPORT_TYPES = ("DEFAULT", "MQTT")


@dataclass(frozen=True)
class _Outcome:
    """What CONNECT leads to: a session, or a CONNACK with *code* and, in MQTT 5, a DISCONNECT with *reason*."""

    session: ProvisionSession | DeviceSession | None
    code: int = 0
    reason: Reason | None = None
    cause: str = ""


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
                raise CloseConnection("too many packets before CONNACK", Reason.QUOTA_EXCEEDED)

    def on_close(self) -> None:
        """Tell the session."""
        if self._session is not None:
            self._session.on_close()

    @property
    def _core(self) -> Core:
        return self._connection.core

    def _connect(self, packet: Connect) -> None:
        self._connection.encoder = encoder_for(packet.level, self._core.settings)
        self._answer(packet, self._decide(packet))

    def _decide(self, packet: Connect) -> _Outcome:
        if PROVISION_LOGIN in (packet.username, packet.client_id):
            return _Outcome(ProvisionSession(self._connection))
        certificate = self._connection.client_certificate  # decides alone, if there is one (contract 1.2)
        device = self._find_device(packet) if certificate is None else device_of(self._core.store, certificate)
        if device is None:
            reason = self._mismatch(packet) if certificate is None else Reason.NOT_AUTHORIZED
            return self._refuse(reason, reason, "no match for the credentials")
        if device.profile.transport_type not in _TRANSPORT_TYPES:
            return self._refuse(Reason.SERVER_UNAVAILABLE, Reason.SERVER_BUSY, "transport type of the profile")
        session = DeviceSession(self._connection, device)
        if not session.allow_message():
            return self._refuse(Reason.CONNECTION_RATE_EXCEEDED, Reason.MESSAGE_RATE_TOO_HIGH, "rate limit")
        return _Outcome(session)

    def _refuse(self, connack: Reason, disconnect: Reason, cause: str) -> _Outcome:
        return _Outcome(None, self._connection.encoder.connack_code(connack), disconnect, cause)

    def _find_device(self, packet: Connect) -> Device | None:
        store = self._core.store

        def find(lookup_id: str) -> Credentials | None:
            device = store.device_by_lookup_id(lookup_id)
            return device.credentials if device else None

        found = credentials.match(find, packet.client_id, packet.username, packet.password)
        return store.device_by_lookup_id(found.lookup_id) if found else None

    def _mismatch(self, packet: Connect) -> Reason:
        if packet.username or packet.password:
            return Reason.BAD_USER_NAME_OR_PASSWORD
        if packet.client_id.strip() and self._core.settings.version.tells_unknown_client_id:
            return Reason.CLIENT_ID_NOT_VALID
        return Reason.NOT_AUTHORIZED

    def _answer(self, packet: Connect, outcome: _Outcome) -> None:
        connection = self._connection
        mode = outcome.session.mode if outcome.session else None
        fault = connection.fault_at(Point.CONNACK, mode)
        if fault is not None and fault.action is Action.REFUSE:
            code = connection.encoder.connack_code(Reason.SERVER_UNAVAILABLE) if fault.code is None else fault.code
            outcome, fault = _Outcome(None, code, cause="fault"), None
        elif connection.closing:
            outcome = _Outcome(None, outcome.code, cause="fault")
        session_present = not packet.clean_session or self._core.settings.version.session_present_always
        connection.journal(
            "connect",
            mode=mode,
            accepted=outcome.session is not None,
            device=outcome.session.device.name if isinstance(outcome.session, DeviceSession) else None,
            client_id=packet.client_id if packet.username not in ("", packet.client_id) else "***",
            level=packet.level,
            code=outcome.code,
            cause=outcome.cause,
            session_present=session_present,
        )
        data = connection.encoder.connack(session_present, outcome.code)
        connection.deliver(fault, data, then=lambda: self._follow(outcome))

    def _follow(self, outcome: _Outcome) -> None:
        if outcome.session is None:
            self._connection.close(outcome.cause, outcome.reason)
        else:
            self._open(outcome.session)

    def _open(self, session: ProvisionSession | DeviceSession) -> None:
        if self._session is not None and self._session is not session:
            self._session.on_close()
        self._session = session
        session.open()
        self._connection.fault_at(Point.CONNECTED)
        while self._waiting and not self._connection.closing:
            session.on_packet(self._waiting.popleft())
