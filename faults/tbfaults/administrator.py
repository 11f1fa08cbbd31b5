"""What a person does in ThingsBoard with a device that is there."""

from tbtools.server.model import Credentials, Device, ProvisionType, Scope
from tbtools.server.provision import PROVISION_STATE
from tbtools.server.reasons import Reason
from tbtools.server.standin import StandIn


def set_credentials(server: StandIn, device: Device, credentials: Credentials) -> None:
    """Give it other ones; its live session ends (contract 1.6)."""
    server.store.set_credentials(device, credentials)
    server.core.sessions.close(device, "credentials changed", Reason.ADMINISTRATIVE_ACTION)


def delete(server: StandIn, device: Device) -> None:
    """Delete it; its live session ends (contract 1.6)."""
    server.store.delete_device(device)
    server.core.sessions.close(device, "device deleted", Reason.ADMINISTRATIVE_ACTION)


def remake(server: StandIn, device: Device, credentials: Credentials) -> None:
    """Delete it, and pre-provision one of the same name."""
    delete(server, device)
    server.store.create_device(device.name, device.profile, credentials)


def free(device: Device) -> None:
    """Delete its `provisionState`, so that it may provision again (contract 2.7)."""
    device.attributes[Scope.SERVER_SCOPE].pop(PROVISION_STATE, None)


def let_provision_again(server: StandIn, device: Device) -> None:
    """The remedy for credentials that were lost with the server's answer (contract 2.7)."""
    if device.profile.provision_type is ProvisionType.CHECK_PRE_PROVISIONED_DEVICES:
        free(device)
    else:
        delete(server, device)
