"""What is pushed to a client: the QoS it subscribed with, and our packet ids (contract 8.1, 8.2)."""

from tbtools.server import topics
from tbtools.server.encoder import Encoder

_QOS_MAX = 1
_QOS_UNLESS_SUBSCRIBED = 1


class Downlink:
    """The subscriptions of one session. They decide a push's QoS, never whether it is sent."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._subscribed: dict[str, int] = {}
        self._packet_id = 0

    @staticmethod
    def granted(qos: int) -> int:
        """The QoS that SUBACK tells for a requested one."""
        return min(qos, _QOS_MAX)

    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Remember a subscription."""
        self._subscribed[topic_filter] = self.granted(qos)

    def unsubscribe(self, topic_filter: str) -> bool:
        """Forget a subscription; return whether there was one."""
        return self._subscribed.pop(topic_filter, None) is not None

    def publish(self, topic: str, payload: bytes) -> bytes:
        """Encode a PUBLISH with the next packet id; ids are cut to 16 bits, so that 0 can occur."""
        granted = (qos for topic_filter, qos in self._subscribed.items() if topics.matches(topic_filter, topic))
        qos = next(granted, _QOS_UNLESS_SUBSCRIBED)
        if qos == 0:
            return self._encoder.publish(topic, payload, 0, None)
        self._packet_id = (self._packet_id + 1) & 0xFFFF
        return self._encoder.publish(topic, payload, qos, self._packet_id)
