"""The outcomes that the firmware logs, and what a person at the station does about each.

`TB_OUTCOME_LIST` of the component's tb_outcome.h says what the device does after each; a test compares the policies.
"""

from dataclasses import dataclass
from enum import Enum


class Policy(str, Enum):
    """What the device does."""

    GO_ON = "GO_ON"
    RETRY = "RETRY"
    WAIT = "WAIT"
    STOP = "STOP"


@dataclass(frozen=True)
class Outcome:
    """*name* is without TB_OUTCOME_; *cause* and *advice* are empty for what is no failure."""

    name: str
    policy: Policy
    cause: str = ""
    advice: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it keeps the board from its work."""
        return bool(self.cause)


_SERVER = "Check Hostname and Port: this is not how ThingsBoard answers."
_LIST = (
    Outcome("NONE", Policy.GO_ON),
    Outcome("PROVISIONED", Policy.GO_ON),
    Outcome("ONLINE", Policy.GO_ON),
    Outcome("COMPLETE", Policy.STOP),
    Outcome(
        "NOT_CONFIGURED",
        Policy.STOP,
        "server, provision key or provision secret is not set",
        "Write an image with all of them (tb.py factory), or set them in menuconfig and flash again.",
    ),
    Outcome(
        "NOT_FOUND",
        Policy.WAIT,
        "the provision key or secret is wrong, or the profile does not provision",
        "Compare both with the device profile (tb.py profile show), then flash the board again.",
    ),
    Outcome(
        "FAILURE",
        Policy.WAIT,
        "the device's name or token is taken, or it has provisioned before, or it is not pre-provisioned",
        "Delete the device (tb.py device delete) or let it provision again (tb.py device reset-provisioning).",
    ),
    Outcome(
        "WRONG_KIND",
        Policy.WAIT,
        "ThingsBoard gave credentials of a kind that this firmware cannot use",
        "Give the device credentials of the model's kind in ThingsBoard, and reset its provisioning.",
    ),
    Outcome("MALFORMED", Policy.RETRY, "the server's answer cannot be read", _SERVER),
    Outcome("NO_ANSWER", Policy.RETRY, "the server did not answer the provisioning request", _SERVER),
    Outcome(
        "CLOSED",
        Policy.RETRY,
        "the server closed the connection without an answer",
        "Check the profile's provision strategy; is the server restarting?",
    ),
    Outcome(
        "UNREACHABLE",
        Policy.RETRY,
        "the server cannot be reached",
        "Check Hostname and Port, the network, and the firewall before the server.",
    ),
    Outcome("REFUSED_PROTOCOL", Policy.RETRY, "connection refused: MQTT version not accepted", _SERVER),
    Outcome("REFUSED_ID", Policy.RETRY, "connection refused: client id not accepted", _SERVER),
    Outcome(
        "REFUSED_BUSY",
        Policy.RETRY,
        "connection refused: server busy, rate limit, or another transport in the profile",
        "Check the tenant's limits, and the transport type of the profile.",
    ),
    Outcome("REFUSED_LOGIN", Policy.RETRY, "connection refused: wrong user name or password", _SERVER),
    Outcome(
        "NOT_AUTHORIZED",
        Policy.RETRY,
        "connection refused: ThingsBoard does not know the board's credentials",
        "Was the device deleted? Erase the board's NVS and let it provision, or give a device these credentials.",
    ),
    Outcome("REFUSED_OTHER", Policy.RETRY, "connection refused with an unknown code", _SERVER),
    Outcome(
        "REPROVISION",
        Policy.RETRY,
        "ThingsBoard has refused the board's credentials for too long: it provisions again",
        "Wait for its outcome.",
    ),
    Outcome(
        "ROTATION_REFUSED",
        Policy.RETRY,
        "new credentials refused: the board goes on with the old ones",
        "Set the new credentials in ThingsBoard, too.",
    ),
    Outcome(
        "CONNECTION_LOST",
        Policy.RETRY,
        "the connection was lost",
        "Has another board the same credentials? Look at the network and at the tenant's limits.",
    ),
    Outcome(
        "STORE_FAILED",
        Policy.RETRY,
        "the board's credential store failed",
        "Check the partition table; erase the flash if nothing in it is needed.",
    ),
    Outcome(
        "PORT_FAILED",
        Policy.RETRY,
        "network or MQTT client could not be started or used",
        "Check access point or Ethernet; the line before it in the log says why (--show-log).",
    ),
    Outcome(
        "TLS_UNTRUSTED",
        Policy.RETRY,
        "the server's certificate is not signed by a CA that the board trusts",
        "Give the board the server's CA (ca_cert).",
    ),
    Outcome(
        "TLS_EXPIRED",
        Policy.RETRY,
        "the server's certificate is expired or not yet valid, or the board's clock is wrong",
        "Renew the certificate, or look at the date that SNTP gives.",
    ),
    Outcome(
        "TLS_WRONG_HOST",
        Policy.RETRY,
        "the server's certificate is for another host name",
        "Set Hostname to a name that the certificate has.",
    ),
    Outcome(
        "TLS_CERTIFICATE",
        Policy.RETRY,
        "the server refuses the board's certificate, or misses one",
        "Give the board a certificate that the server accepts.",
    ),
    Outcome(
        "TLS_BAD_PEM",
        Policy.RETRY,
        "CA, certificate or key cannot be read, or do not belong together",
        "Write an image with the right three texts.",
    ),
    Outcome("TLS_FAILED", Policy.RETRY, "the TLS handshake failed", "Is Port that of MQTT over TLS (8883)?"),
    Outcome(
        "NO_TIME",
        Policy.RETRY,
        "the board does not know the date, and cannot judge certificates",
        "Let it reach the SNTP server.",
    ),
    Outcome(
        "NO_CERTIFICATE",
        Policy.STOP,
        "the board has no client certificate, or no key for it",
        "Write an image with both (tb.py factory).",
    ),
    Outcome(
        "CERTIFICATE_UNKNOWN",
        Policy.RETRY,
        "connection refused: no device has the board's certificate, or it is expired",
        "Look at the device's credentials in ThingsBoard; is the profile's CA in the certificate's chain?",
    ),
)
OUTCOMES = {outcome.name: outcome for outcome in _LIST}
