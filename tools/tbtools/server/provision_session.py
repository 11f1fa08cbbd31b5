"""The session of a device that has no credentials yet (contract 1.7 and 2)."""

from tbtools.server import provision, topics
from tbtools.server.connection import CloseConnection, Connection
from tbtools.server.core import Core
from tbtools.server.downlink import Downlink
from tbtools.server.faults import Point
from tbtools.server.packets import Disconnect, Packet, Pingreq, Publish, Subscribe, Unsubscribe
from tbtools.server.reasons import Reason


class ProvisionSession:
    """Answers provisioning requests, any number of them, and nothing else."""

    mode = "provision"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._downlink = Downlink(connection.encoder)

    @property
    def _core(self) -> Core:
        return self._connection.core

    def open(self) -> None:
        """Nothing to register: no inactivity limit and no take-over for these sessions."""

    def on_close(self) -> None:
        """Nothing is held."""

    def on_packet(self, packet: Packet) -> None:
        """Carry out a packet."""
        if isinstance(packet, Publish):
            self._publish(packet)
        elif isinstance(packet, Subscribe):
            self._subscribe(packet)
        elif isinstance(packet, Unsubscribe):
            self._unsubscribe(packet)
        elif isinstance(packet, Pingreq):
            self._connection.send(self._connection.encoder.pingresp())
        elif isinstance(packet, Disconnect):
            self._connection.journal("disconnect")
            self._connection.close("DISCONNECT", Reason.SUCCESS, by="client")

    def _publish(self, packet: Publish) -> None:
        if packet.topic != topics.PROVISION_REQUEST:
            self._refuse(packet, "wrong topic for a provisioning session", Reason.TOPIC_NAME_INVALID)
        if self._connection.fault_at(Point.REQUEST) is not None:
            return
        try:
            self._provision(packet)
        except provision.NotAnObject as error:
            self._reply_to_no_object(packet, str(error))
        except provision.BadRequest as error:
            self._record(None, None, str(error))
            self._refuse(packet, f"provisioning request: {error}", Reason.IMPLEMENTATION_SPECIFIC_ERROR)
        except provision.Unanswered:
            self._record(None, None, "strategy X509_CERTIFICATE_CHAIN")
            timeout_s = self._core.settings.transport_timeout_s
            reason = Reason.IMPLEMENTATION_SPECIFIC_ERROR
            self._connection.later(timeout_s, lambda: self._refuse(packet, "transport timeout", reason))

    def _provision(self, packet: Publish) -> None:
        request = provision.parse_request(packet.payload)
        outcome = provision.provision(self._core.store, self._core.settings, request)
        self._record(request, outcome, outcome.cause)
        self._reply(packet, outcome.answer())

    def _reply(self, packet: Publish, answer: bytes) -> None:
        self._acknowledge(packet, Reason.SUCCESS)
        self._connection.deliver(self._connection.fault_at(Point.ANSWER), answer, self._encode_answer, self._answered)

    def _reply_to_no_object(self, packet: Publish, what: str) -> None:
        """What is no JSON object is read as protobuf; only the empty payload is, and has no key (contract 2.6)."""
        self._record(None, None, what)
        can_tell = self._connection.encoder.tells_reasons and self._core.settings.version.acks_before_provision_close
        if not packet.payload:
            self._reply(packet, provision.PROTOBUF_NOT_FOUND)
        elif packet.qos and can_tell:
            self._acknowledge(packet, Reason.PAYLOAD_FORMAT_INVALID)
        else:
            raise CloseConnection(f"provisioning request: {what}", Reason.PAYLOAD_FORMAT_INVALID)

    def _answered(self) -> None:
        self._connection.fault_at(Point.ANSWERED)
        close_s = self._core.settings.provision_close_s
        self._connection.later(close_s, lambda: self._connection.close("provisioning is over"))

    def _encode_answer(self, answer: bytes) -> bytes:
        return self._downlink.publish(topics.PROVISION_RESPONSE, answer)

    def _acknowledge(self, packet: Publish, reason: Reason) -> None:
        if packet.packet_id is not None:
            data = self._connection.encoder.puback(packet.packet_id, reason)
            self._connection.deliver(self._connection.fault_at(Point.PUBACK), data)

    def _refuse(self, packet: Publish, cause: str, reason: Reason) -> None:
        if self._core.settings.version.acks_before_provision_close:
            self._acknowledge(packet, reason)
        raise CloseConnection(cause, reason)

    def _subscribe(self, packet: Subscribe) -> None:
        filters = [name for name, _ in packet.filters]
        if not self._core.settings.version.subscribes_in_provisioning:
            self._connection.journal("subscribe", filters=filters, codes=None)
            return
        codes = [self._subscribe_one(name, qos) for name, qos in packet.filters]
        self._connection.journal("subscribe", filters=filters, codes=codes)
        data = self._connection.encoder.suback(packet.packet_id, codes)
        self._connection.deliver(self._connection.fault_at(Point.SUBACK), data)

    def _subscribe_one(self, topic_filter: str, qos: int) -> int:
        if topic_filter != topics.PROVISION_RESPONSE:
            return self._connection.encoder.suback_code(Reason.TOPIC_FILTER_INVALID)
        self._downlink.subscribe(topic_filter, qos)
        return self._downlink.granted(qos)

    def _unsubscribe(self, packet: Unsubscribe) -> None:
        version = self._core.settings.version
        if not version.subscribes_in_provisioning:
            return
        subscribed = [self._downlink.unsubscribe(topic_filter) for topic_filter in packet.filters]
        if version.unsubscribe_crashes_provisioning and not all(subscribed):
            raise CloseConnection("UNSUBSCRIBE without subscription", Reason.SERVER_SHUTTING_DOWN)
        reasons = [Reason.SUCCESS if was else Reason.NO_SUBSCRIPTION_EXISTED for was in subscribed]
        self._connection.send(self._connection.encoder.unsuback(packet.packet_id, reasons))

    def _record(self, request: provision.Request | None, outcome: provision.Outcome | None, cause: str) -> None:
        credentials = outcome.credentials if outcome else None
        self._connection.journal(
            "provision",
            device=request.device_name if request else None,
            status=outcome.status.value if outcome else None,
            cause=cause,
            credentials_type=credentials.type.value if credentials else None,
        )
