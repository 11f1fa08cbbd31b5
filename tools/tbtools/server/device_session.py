"""The session of an authenticated device (contract 1.6, 3.3, 8)."""

from tbtools.server import activity, dispatch, topics
from tbtools.server.connection import CloseConnection, Connection
from tbtools.server.core import Core
from tbtools.server.downlink import Downlink
from tbtools.server.faults import Point
from tbtools.server.model import Device
from tbtools.server.packets import Disconnect, Packet, Pingreq, Publish, Subscribe, Unsubscribe
from tbtools.server.reasons import Reason


class DeviceSession:
    """Carries out what a device sends, and pushes to it."""

    mode = "device"

    def __init__(self, connection: Connection, device: Device) -> None:
        self.connection = connection
        self.device = device
        self._attribute_update_topic: str | None = None
        self.messages = 0
        self.points = 0
        self._downlink = Downlink(connection.encoder)
        self._active_at = connection.loop.time()

    @property
    def core(self) -> Core:
        """The server's shared state."""
        return self.connection.core

    # -- life

    def open(self) -> None:
        """Take the device's place; an older session is closed after the new CONNACK, not before."""
        activity.connected(self.device)
        evicted = self.core.sessions.open(self.device, self)
        if evicted is not None:
            self.connection.loop.call_soon(evicted.close, "taken over", Reason.SESSION_TAKEN_OVER)

    def close(self, cause: str, reason: Reason | None = None) -> None:
        """Close the connection."""
        self.connection.close(cause, reason)

    def expire(self, now: float, limit_s: float) -> None:
        """Close after *limit_s* without uplink."""
        if now - self._active_at > limit_s:
            self.close("inactivity", Reason.IMPLEMENTATION_SPECIFIC_ERROR)

    def on_close(self) -> None:
        """Give up the device's place."""
        self.core.sessions.forget(self.device, self)
        if self.core.sessions.of(self.device) is None:
            activity.disconnected(self.device)
        self.connection.journal(
            "session_end", device=self.device.name, telemetry_messages=self.messages, telemetry_points=self.points
        )

    # -- uplink

    def on_packet(self, packet: Packet) -> None:
        """Carry out a packet; the rest (PUBACK of a push, QoS 2 handshakes) needs no answer."""
        if isinstance(packet, Publish):
            dispatch.publish(self, packet)
        elif isinstance(packet, Subscribe):
            self.touch()
            self._subscribe(packet)
        elif isinstance(packet, Unsubscribe):
            self.touch()
            self._unsubscribe(packet)
        elif isinstance(packet, Pingreq):
            self.touch()
            self.connection.send(self.connection.encoder.pingresp())
        elif isinstance(packet, Disconnect):
            self.connection.journal("disconnect", device=self.device.name)
            self.connection.close("DISCONNECT", Reason.SUCCESS, by="client")

    def touch(self) -> None:
        """Note uplink activity; pushes do not count as such."""
        self._active_at = self.connection.loop.time()
        activity.seen(self.device)

    def acknowledge(self, publish: Publish, reason: Reason = Reason.SUCCESS, acked: Point | None = None) -> None:
        """Send PUBACK for QoS 1 and, as ThingsBoard does, for QoS 2."""
        if publish.packet_id is None:
            return
        fault = self.connection.fault_at(Point.PUBACK)
        after = (lambda: None) if acked is None else (lambda: self._at(acked))
        self.connection.deliver(fault, self.connection.encoder.puback(publish.packet_id, reason), then=after)

    def invalid(self, publish: Publish, what: str) -> None:
        """Data that does not parse: close, unless PUBACK can tell, or the profile wants a plain one (contract 3.3)."""
        may_acknowledge = self.core.settings.version.may_ack_invalid_data
        lenient = may_acknowledge and self.device.profile.transport("sendAckOnValidationException")
        if not (publish.qos and (lenient or self.connection.encoder.tells_reasons)):
            raise CloseConnection(what, Reason.PAYLOAD_FORMAT_INVALID)
        self.connection.journal("refused", device=self.device.name, cause=what)
        self.acknowledge(publish, Reason.PAYLOAD_FORMAT_INVALID)

    # -- limits

    def allow_message(self) -> bool:
        """Whether the device may send one more message without data points."""
        limit = self.core.settings.message_rate_limit
        return self.device.limits.messages.allow(limit, 1, self.connection.loop.time())

    def limit_message(self) -> None:
        """Close the connection of a device that sends too many messages."""
        if not self.allow_message():
            raise CloseConnection("rate limit", Reason.IMPLEMENTATION_SPECIFIC_ERROR)

    def limit_points(self, points: int) -> None:
        """Close the connection of a device that sends too much telemetry."""
        limits, settings, now = self.device.limits, self.core.settings, self.connection.loop.time()
        if not (
            limits.telemetry_messages.allow(settings.telemetry_message_rate_limit, 1, now)
            and limits.telemetry_points.allow(settings.telemetry_points_rate_limit, points, now)
        ):
            raise CloseConnection("rate limit", Reason.IMPLEMENTATION_SPECIFIC_ERROR)

    # -- downlink

    def push(self, topic: str, payload: bytes) -> None:
        """Publish to the device, subscribed or not."""
        self.connection.send(self._downlink.publish(topic, payload))

    def push_attributes(self, payload: bytes) -> None:
        """Send a shared attribute update, which needs a subscription."""
        if self._attribute_update_topic is not None:
            self.push(self._attribute_update_topic, payload)

    # -- inside

    def _subscribe(self, packet: Subscribe) -> None:
        registered = self.allow_message()  # a limited device gets its SUBACK all the same (contract 8.3)
        codes = [self._subscribe_one(name, qos, registered) for name, qos in packet.filters]
        filters = [name for name, _ in packet.filters]
        self.connection.journal("subscribe", device=self.device.name, filters=filters, codes=codes)
        fault = self.connection.fault_at(Point.SUBACK)
        self.connection.deliver(fault, self.connection.encoder.suback(packet.packet_id, codes))

    def _subscribe_one(self, topic_filter: str, qos: int, registered: bool) -> int:
        update_topic = self._update_topic(topic_filter)
        if update_topic is None and not self._is_known(topic_filter):
            return self.connection.encoder.suback_code(Reason.TOPIC_FILTER_INVALID)
        if registered:
            self._downlink.subscribe(topic_filter, qos)
            self._attribute_update_topic = update_topic or self._attribute_update_topic
        return self._downlink.granted(qos)

    def _unsubscribe(self, packet: Unsubscribe) -> None:
        reasons = [self._unsubscribe_one(topic_filter) for topic_filter in packet.filters]
        self.connection.send(self.connection.encoder.unsuback(packet.packet_id, reasons))

    def _unsubscribe_one(self, topic_filter: str) -> Reason:
        """Updates subscribed with the profile's own filter go on: ThingsBoard does not know it here (contract 8.1)."""
        if not self._downlink.unsubscribe(topic_filter):
            return Reason.NO_SUBSCRIPTION_EXISTED
        if not self._is_known(topic_filter):
            return Reason.TOPIC_FILTER_INVALID
        if topic_filter in topics.ATTRIBUTE_UPDATE_FILTERS:
            self._attribute_update_topic = None
        return Reason.SUCCESS

    def _update_topic(self, topic_filter: str) -> str | None:
        """Where attribute updates go that are subscribed with *topic_filter*; None if it is no such filter."""
        if topic_filter in topics.ATTRIBUTE_UPDATE_FILTERS and self._is_known(topic_filter):
            return topic_filter
        custom = self.device.profile.transport("deviceAttributesSubscribeTopic")
        return topics.ATTRIBUTES if custom and topics.matches(custom, topic_filter) else None

    def _is_known(self, topic_filter: str) -> bool:
        version = self.core.settings.version
        if topic_filter == topics.PROVISION_RESPONSE:
            return not version.subscribes_in_provisioning
        return topic_filter in topics.DEVICE_FILTERS and dispatch.is_served(topic_filter, version)

    def _at(self, point: Point) -> None:
        self.connection.fault_at(point)
