"""One process of the firmware through thousands of connections, each of which goes wrong in some way."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tbtools.server.device_session import DeviceSession
from tbtools.server.faults import Action, Fault, Point

from tbfaults.device import Device
from tbfaults.kills import Kill
from tbfaults.usage import Usage, usage_of
from tbfaults.world import World, until

CYCLE_LIMIT_S = 5.0
_DOWN_S = 0.03
_GARBAGE = (
    b"\xf5\xff\xff\xff\xff\x01",
    b"\x30\xff\xff\xff\x7f",
    b"\x20\x02\x00\x00",
    bytes(64),
    b"\x30\x07\x00\x03a/b{}",
)
_PUSHED = (b"", b"{", b'{"method":"reboot","params":null}', bytes(2000))


class Stuck(Exception):
    """The device does not come back."""


@dataclass
class Soak:
    """*samples* of the process, one for each connection that has come and gone, by *mode* of the session.

    *asked_again* counts provisioning requests of the device when it had its credentials.
    """

    world: World
    device: Device
    chance: random.Random
    samples: dict[str, list[Usage]] = field(default_factory=lambda: {"provision": [], "device": []})
    asked_again: int = 0

    async def provision(self, cycles: int) -> None:
        """Let the device ask for its credentials, and never see them."""
        self.world.server.faults.add(self._end("provision"))
        self.device.boot()
        await self._cycles("provision", cycles)
        self.world.server.faults.clear()
        await self.works(0)
        self._turn_page()
        self.asked_again = 0

    async def work(self, cycles: int) -> None:
        """Let it work, with the credentials that it has found out about by now."""
        await self._cycles("device", cycles)
        self.world.server.faults.clear()
        await self.works(self.world.mark())

    async def boots(self, count: int) -> None:
        """Cut its power at some effect of each boot, or when it works."""
        for _ in range(count):
            kill = Kill(self.chance.choice(("store", "send", "recv")), self.chance.randint(1, 8), "after", "lost")
            mark = self.world.mark()
            self.device.boot(kill.environment())
            await self._end_of_boot(mark)
            self.device.power_cut()
            await self.world.settle()
            self._turn_page()
        mark = self.world.mark()
        self.device.boot()
        await self.works(mark)

    async def works(self, mark: int) -> None:
        """Wait for telemetry; Stuck when none comes."""
        if not await until(lambda: self._worked(mark), CYCLE_LIMIT_S):
            raise Stuck("no telemetry though all is well")

    async def _end_of_boot(self, mark: int) -> None:
        await until(lambda: not self.device.running or self._worked(mark), CYCLE_LIMIT_S)
        if self.device.running and not self._worked(mark):
            raise Stuck(f"no telemetry in boot {self.device.boots}")

    async def _closed(self, mark: int) -> bool:
        return await until(lambda: self.world.happened("close", mark), CYCLE_LIMIT_S)

    async def _cycles(self, mode: str, count: int) -> None:
        for number in range(count):
            mark = self.world.mark()
            await self._trouble(mode)
            if not await self._closed(mark):
                raise Stuck(f"cycle {number + 1} of mode {mode} does not end")
            if not self.device.running:
                raise Stuck(f"the firmware has ended in cycle {number + 1} of mode {mode}")
            self.samples[mode].append(usage_of(self.device.pid))
            self._turn_page()

    async def _trouble(self, mode: str) -> None:
        """Prepare one connection that goes wrong, and in any case ends."""
        faults = self.world.server.faults
        faults.clear()
        dice = self.chance.random()
        if dice < 0.02:
            await self.world.stop()
            await asyncio.sleep(_DOWN_S)
        elif dice < 0.9:
            faults.add(self._fault(mode))
        faults.add(self._end(mode))
        if not self.world.up:
            await self.world.start()
        if mode == "device" and dice > 0.8:
            self._push()

    def _end(self, mode: str) -> Fault:
        """What ends a connection with which nothing else is wrong. No answer is ever to be read."""
        if mode == "device":
            return Fault(point=Point.ACKED, action=Action.CLOSE, times=None)
        action = self.chance.choice((Action.CLOSE, Action.MALFORM))
        return Fault(point=Point.ANSWER, action=action, payload=self.chance.choice(_PUSHED), times=None)

    def _fault(self, mode: str) -> Fault:
        """Some fault. Those for which the firmware has to wait are rare: they take long and do nothing new."""
        makers: list[Callable[[], dict[str, Any]]] = [self._close, self._refuse, self._spoil, self._spoil, self._split]
        slow = self.chance.random() < 0.02
        fields = self._drop() if slow else self.chance.choice(makers)()
        points = {
            "provision": (Point.CONNACK, Point.SUBACK, Point.PUBACK),
            "device": (Point.CONNACK, Point.PUBACK),
        }
        return Fault(**{"point": self.chance.choice(points[mode]), **fields})

    def _close(self) -> dict[str, Any]:
        points = (Point.ACCEPT, Point.CONNACK, Point.CONNECTED, Point.REQUEST, Point.TELEMETRY, Point.PUBACK)
        return {"point": self.chance.choice(points), "action": Action.CLOSE}

    def _refuse(self) -> dict[str, Any]:
        return {"point": Point.CONNACK, "action": Action.REFUSE, "code": self.chance.choice((1, 2, 3, 4, 5, 200))}

    def _spoil(self) -> dict[str, Any]:
        action = self.chance.choice((Action.MALFORM, Action.BREAK, Action.DUPLICATE, Action.DELAY))
        payload = self.chance.choice(_GARBAGE)
        return {"action": action, "payload": payload, "kept_bytes": self.chance.randint(0, 60), "delay_s": 0.02}

    def _split(self) -> dict[str, Any]:
        return {"point": Point.ACCEPT, "action": Action.SPLIT, "segment_bytes": self.chance.randint(1, 40)}

    def _drop(self) -> dict[str, Any]:
        return {"point": self.chance.choice((Point.CONNACK, Point.REQUEST)), "action": Action.DROP}

    def _push(self) -> None:
        """Send the device what it has not asked for, if it is connected."""
        name = self.world.flow.device_name or self.device.own_name
        device = self.world.server.store.device_by_name(name)
        session = self.world.server.core.sessions.of(device) if device else None
        if isinstance(session, DeviceSession):
            session.push("v1/devices/me/rpc/request/1", self.chance.choice(_PUSHED))

    def _turn_page(self) -> None:
        self.asked_again += len(self.world.server.journal.events("provision"))
        self.world.server.journal.clear()

    def _worked(self, mark: int) -> bool:
        return self.world.happened("telemetry", mark)
