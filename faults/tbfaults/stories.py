"""What becomes of a device that works: an administrator, or its own application, has other credentials for it.

Each story goes on over power cuts. The server is slow to refuse, so that it does not depend on chance how often a
device is refused until it has been for long enough, or is offered something better: a boot has the same effects each
time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tbtools.server import credentials as creds
from tbtools.server.faults import Action, Fault, Point
from tbtools.server.model import Device as Registered
from tbtools.server.standin import StandIn

from tbfaults import administrator

if TYPE_CHECKING:
    from tbfaults.device import Device
    from tbfaults.world import World

NEW_TOKEN = "MY_NEW_ACCESS_TOKEN"
REFUSALS_MAX = 5  # CONFIG_TB_REFUSALS_MAX in sdkconfig.faults
_REFUSAL_S = 0.26  # the first to the last of them take longer than CONFIG_TB_REFUSALS_TIME_S, the last but one does not
_HELD_S = 0.4


@dataclass(frozen=True)
class Story:
    """*play* does what others do, in turn. The device's own part begins with the effect *begins* of its boot.

    *provisions* says whether it may ask for credentials on the way; *outage_s* is how long a trouble lasts that does
    not pass by itself. Of a rotation: the device connects *connections* times until it works with the new credentials,
    and *accepted* of them are accepted.
    """

    play: Callable[[World, Device], Coroutine[Any, Any, None]]
    begins: tuple[str, int]
    connections: int = 0
    accepted: int = 0
    provisions: bool = False
    outage_s: float = 0.7


async def _device_first(world: World, device: Device) -> None:
    """The device is offered a token that the server does not know yet, and goes on with its own for a while."""
    await world.event("telemetry", world.mark())
    offered = world.mark()
    device.offer(NEW_TOKEN)
    await world.event("telemetry", offered)
    administrator.set_credentials(world.server, world.device(), creds.access_token(NEW_TOKEN))
    world.turn()


async def _server_first(world: World, device: Device) -> None:
    """The device is refused, and only then offered the token that the server knows."""
    await world.event("telemetry", world.mark())
    changed = world.mark()
    world.server.faults.add(Fault(point=Point.CONNACK, action=Action.DELAY, delay_s=_HELD_S, skip=1))
    administrator.set_credentials(world.server, world.device(), creds.access_token(NEW_TOKEN))
    world.turn()
    refused = await world.event("connect", changed, accepted=False)
    await world.event("connect", refused, accepted=False)
    device.offer(NEW_TOKEN)


async def _refused_often(world: World, _: Device) -> None:
    """The device is refused more often than it puts up with, but not for long: somebody's mistake."""
    await _mistake(
        world, REFUSALS_MAX + 1, Fault(point=Point.CONNACK, action=Action.DELAY, skip=REFUSALS_MAX, delay_s=0.1)
    )


async def _refused_long(world: World, _: Device) -> None:
    """The device is refused for longer than it puts up with, but not often."""
    await _mistake(world, REFUSALS_MAX - 1, Fault(point=Point.CONNACK, action=Action.DELAY, times=None, delay_s=0.45))


async def _mistake(world: World, refusals: int, fault: Fault) -> None:
    """Refuse the device so often, slowly as *fault* says, and then accept it as before."""
    refused = await world.event("telemetry", world.mark())
    token = world.device().credentials.lookup_id
    slow = world.server.faults.add(fault)
    administrator.set_credentials(world.server, world.device(), creds.access_token("MISTAKEN_TOKEN"))
    for _ in range(refusals):
        refused = await world.event("connect", refused, accepted=False)
    administrator.set_credentials(world.server, world.device(), creds.access_token(token))
    world.server.faults.remove(slow.id)
    world.turn()


async def _deleted(world: World, _: Device) -> None:
    """The device is deleted."""
    await _refuse(world, administrator.delete)


async def _remade(world: World, _: Device) -> None:
    """The device is deleted, and pre-provisioned again with another token."""
    await _refuse(world, lambda server, device: administrator.remake(server, device, creds.access_token(NEW_TOKEN)))


async def _freed(world: World, _: Device) -> None:
    """The device is given another token, and `provisionState` is deleted."""

    def change(server: StandIn, device: Registered) -> None:
        administrator.free(device)
        administrator.set_credentials(server, device, creds.access_token(NEW_TOKEN))

    await _refuse(world, change)


async def _refuse(world: World, change: Callable[[StandIn, Registered], None]) -> None:
    """Wait until the device works, *change* it so that it is refused, and refuse it until it asks for credentials."""
    await world.event("telemetry", world.mark())
    slow = world.server.faults.add(Fault(point=Point.CONNACK, action=Action.DELAY, delay_s=_REFUSAL_S, times=None))
    changed = world.mark()
    change(world.server, world.device())
    world.turn()
    await world.event("connect", changed, mode="provision")
    world.server.faults.remove(slow.id)


DEVICE_FIRST = Story(_device_first, begins=("store", 1), connections=5, accepted=3)
SERVER_FIRST = Story(_server_first, begins=("store", 1), connections=4, accepted=2)
REFUSED_OFTEN = Story(_refused_often, begins=("connect", 2))
REFUSED_LONG = Story(_refused_long, begins=("connect", 2))
_AGAIN = partial(Story, begins=("connect", 2), provisions=True, outage_s=1.8)
DELETED = _AGAIN(_deleted)
REMADE = _AGAIN(_remade)
FREED = _AGAIN(_freed)
