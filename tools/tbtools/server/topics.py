"""Topics and the literal filters a device may subscribe to (contract 8.1)."""

import re
from functools import lru_cache

PROVISION_REQUEST = "/provision/request"
PROVISION_RESPONSE = "/provision/response"
TELEMETRY = "v1/devices/me/telemetry"
ATTRIBUTES = "v1/devices/me/attributes"
OTA_ERROR = "v2/fw/error"

ATTRIBUTE_UPDATE_FILTERS = frozenset({ATTRIBUTES, "v2/a", "v2/a/j", "v2/a/p"})
_OTHER_FILTERS = frozenset(
    {
        *("v1/devices/me/rpc/request/+", "v2/r/req/+", "v2/r/req/j/+", "v2/r/req/p/+"),
        *("v1/devices/me/rpc/response/+", "v2/r/res/+", "v2/r/res/j/+", "v2/r/res/p/+"),
        *("v1/devices/me/attributes/response/+", "v2/a/res/+", "v2/a/res/j/+", "v2/a/res/p/+"),
        *("v2/fw/response/+/chunk/+", "v2/fw/error", "v2/sw/response/+/chunk/+", "v2/sw/error"),
        *("v1/gateway/attributes", "v1/gateway/rpc", "v1/gateway/attributes/response"),
    }
)
DEVICE_FILTERS = ATTRIBUTE_UPDATE_FILTERS | _OTHER_FILTERS


@lru_cache(maxsize=1024)
def _pattern(topic_filter: str) -> re.Pattern[str]:
    if topic_filter == "#":
        return re.compile(".*", re.DOTALL)
    body = re.escape(topic_filter.removesuffix("/#")).replace(r"\+", "[^/]+")
    return re.compile(body + "(?:/.*)?" if topic_filter.endswith("/#") else body, re.DOTALL)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether *topic* falls under *topic_filter* ("+", "/#" and a lone "#" are wildcards)."""
    return _pattern(topic_filter).fullmatch(topic) is not None
