"""Which feature a device's PUBLISH belongs to; the order of the tests is ThingsBoard's (contract 11, step 2)."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tbtools.server import topics
from tbtools.server.features import attributes, claim, gateway, ota, rpc, telemetry
from tbtools.server.packets import Publish
from tbtools.server.reasons import Reason
from tbtools.server.version import ServerVersion

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession

Handler = Callable[["DeviceSession", Publish], None]

_SHORT_TOPIC = re.compile(r"v2/[art](/.*)?", re.DOTALL)

_ROUTES: tuple[tuple[re.Pattern[str], Handler], ...] = tuple(
    (re.compile(pattern, re.DOTALL), handler)
    for pattern, handler in (
        (r"v1/devices/me/attributes/request/.*", attributes.request),
        (r"v1/devices/me/rpc/response/.*", rpc.response),
        (r"v1/devices/me/rpc/request/.*", rpc.request),
        (r"v1/devices/me/claim", claim.claim),
        (r"v2/[fs]w/request/[0-9]+/chunk/[0-9]+", ota.chunk),
        (r"v2/t(/j)?", telemetry.upload),
        (r"v2/t/p", telemetry.upload_protobuf),
        (r"v2/a(/j)?", attributes.publish),
        (r"v2/a/p", telemetry.upload_protobuf),
        (r"v2/r/res/.*", rpc.response),
        (r"v2/r/req/.*", rpc.request),
        (r"v2/a/req/.*", attributes.request),
    )
)


def publish(session: "DeviceSession", packet: Publish) -> None:
    """Hand *packet* to its feature; one for an unknown topic is acknowledged and lost."""
    profile, topic = session.device.profile, packet.topic
    if topic.startswith("v1/gateway"):
        gateway.publish(session, packet)
    elif topics.matches(profile.transport("deviceAttributesTopic") or topics.ATTRIBUTES, topic):
        attributes.publish(session, packet)
    elif topics.matches(profile.transport("deviceTelemetryTopic") or topics.TELEMETRY, topic):
        telemetry.upload(session, packet)
    else:
        _route(topic, session.core.settings.version)(session, packet)


def is_served(topic: str, version: ServerVersion) -> bool:
    """Whether this release knows the family of *topic*, be it known at all or not."""
    return version.has_short_topics or not _SHORT_TOPIC.fullmatch(topic)


def _route(topic: str, version: ServerVersion) -> Handler:
    if is_served(topic, version):
        for pattern, handler in _ROUTES:
            if pattern.fullmatch(topic):
                return handler
    return _unknown


def _unknown(session: "DeviceSession", packet: Publish) -> None:
    session.touch()
    session.connection.journal("unknown_topic", device=session.device.name, topic=packet.topic)
    session.acknowledge(packet, Reason.TOPIC_NAME_INVALID)
