"""What the page shows of devices, faults and telemetry. No token, password, key or secret is in it."""

from itertools import islice
from typing import Any

from tbtools.server.core import Core
from tbtools.server.faults import Fault
from tbtools.server.kv import Value, as_text
from tbtools.server.model import Device, ProvisionType, Scope
from tbtools.server.provision import PROVISION_STATE, Status

DEVICES_MAX = 200
KEYS_MAX = 24
POINTS_MAX = 300
TEXT_MAX = 200

_BY_ADMINISTRATOR = "by administrator"
_HOW = {
    ProvisionType.ALLOW_CREATE_NEW_DEVICES: "created",
    ProvisionType.CHECK_PRE_PROVISIONED_DEVICES: "pre-provisioned",
    ProvisionType.X509_CERTIFICATE_CHAIN: "X.509 chain",
}


def devices(core: Core) -> dict[str, Any]:
    """The newest devices, oldest first, and how many there are in all."""
    known = list(core.store.devices())
    return {"total": len(known), "rows": [_row(core, device) for device in known[-DEVICES_MAX:]]}


def faults(core: Core) -> list[dict[str, Any]]:
    """The faults still to happen."""
    return [_fault(fault) for fault in core.faults.pending()]


def telemetry(device: Device) -> dict[str, Any]:
    """The newest samples of a device by key, and how many keys there are in all."""
    keys = islice(device.telemetry.items(), KEYS_MAX)
    series = [{"key": key, "points": _points(samples)} for key, samples in keys]
    return {"total": len(device.telemetry), "series": series}


def _row(core: Core, device: Device) -> dict[str, Any]:
    state = device.attributes[Scope.SERVER_SCOPE].get(PROVISION_STATE)
    how = _HOW.get(device.profile.provision_type, _BY_ADMINISTRATOR) if state else _BY_ADMINISTRATOR
    return {
        "id": device.id,
        "name": device.name,
        "profile": device.profile.name,
        "credentials": device.credentials.type.value,
        "how": how,
        "since_ms": state.updated_ms if state else device.created_ms,
        "outcome": _outcome(device, state.updated_ms if state else None),
        "connected": core.sessions.of(device) is not None,
        "telemetry_ms": device.telemetry_ms,
    }


def _outcome(device: Device, provisioned_ms: int | None) -> dict[str, Any] | None:
    """That of the last request; a device that asked without a name, or by its certificate, has only its success."""
    last = device.last_attempt
    if last is not None:
        return {"status": last.status, "cause": last.cause, "ts": last.decided_ms}
    if provisioned_ms is not None:
        return {"status": Status.SUCCESS.value, "cause": "", "ts": provisioned_ms}
    return None


def _fault(fault: Fault) -> dict[str, Any]:
    notation = fault.notation()[:TEXT_MAX]
    return {"id": fault.id, "fault": notation, "times": fault.times, "skip": fault.skip, "mode": fault.mode}


def _points(samples: dict[int, Value]) -> list[list[Any]]:
    """[time, text, number or null] of the samples that came last, by time."""
    newest = sorted(islice(reversed(samples), POINTS_MAX))
    return [[ts_ms, as_text(samples[ts_ms])[:TEXT_MAX], _number(samples[ts_ms])] for ts_ms in newest]


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None
