"""From TCP connect to telemetry acknowledged, over a long way, beside the round trips that the protocol needs.

A round trip counts when the next packet cannot be sent before its answer is there. With nothing stored:

1. CONNECT, CONNACK of the provisioning session;
2. SUBSCRIBE and PUBLISH of the request, the server's answer (no SUBACK or PUBACK is waited for);
3. CONNECT, CONNACK with the credentials;
4. PUBLISH of the telemetry, PUBACK.

With credentials stored only 3 and 4. TCP's handshake is not counted, since the proxy does not delay it.
"""

import statistics
import tempfile
from pathlib import Path

from tbtools.figures import Figure
from tbtools.server.standin import StandIn

from tbbench import firmware
from tbbench.firmware import LogLine
from tbbench.programs import Programs
from tbbench.proxy import DelayProxy
from tbbench.tools import BenchError

RATIO_LIMIT = 1.2
DELAY_MS = 50
_COMMAND = "python bench/bench.py --only latency"
_ROUND_TRIPS = {"first boot": 4, "second boot": 2}


async def measure(programs: Programs, runs: int) -> list[Figure]:
    """The median of *runs* first boots, each of a new device, and of their second boots."""
    times: dict[str, list[int]] = {boot: [] for boot in _ROUND_TRIPS}
    async with StandIn() as server:
        server.create_profile("bench", firmware.PROVISION_KEY, firmware.PROVISION_SECRET)
        async with DelayProxy(server.mqtt_port, DELAY_MS / 1000) as proxy:
            for number in range(runs):
                with tempfile.TemporaryDirectory() as store:
                    firmware.configure(Path(store), proxy.port, f"bench {number}")
                    for boot in _ROUND_TRIPS:
                        times[boot].append(connect_to_acknowledged(await firmware.boot(programs.firmware, Path(store))))
    return [figure for boot, trips in _ROUND_TRIPS.items() for figure in _figures(boot, trips, times[boot])]


def connect_to_acknowledged(log: list[LogLine]) -> int:
    """Milliseconds from the first connect in *log* to the acknowledgement of the first telemetry."""
    start = next((line.at_ms for line in log if line.text.startswith("connecting to mqtt://")), None)
    sent = next((i for i, line in enumerate(log) if line.text.startswith("[Telemetry][Tx]")), len(log))
    end = next((line.at_ms for line in log[sent:] if line.text.startswith("TBCM_EVENT_PUBLISHED")), None)
    if start is None or end is None:
        raise BenchError("no acknowledged telemetry in the firmware's log")
    return end - start


def _figures(boot: str, trips: int, times: list[int]) -> list[Figure]:
    needed_ms = trips * 2 * DELAY_MS
    median = statistics.median(times)
    spread = f"median of {len(times)}, {min(times)} to {max(times)}"
    return [
        Figure(f"{boot}: connect to telemetry acknowledged", median, "ms", _COMMAND, note=spread),
        Figure(f"{boot}: round trips of {2 * DELAY_MS} ms needed", trips, "round trips", _COMMAND),
        Figure(f"{boot}: time / round trips", round(median / needed_ms, 3), "ratio", _COMMAND, RATIO_LIMIT),
    ]
