"""What the tests of the suite expect, in words that they share."""

from tests.model import SAMPLE
from tests.provision.world import NAME, TOKEN, Held, World

COMPLETE = 0
GAVE_UP = 1
PROVISIONED = "provisioned"
FRONT = "FRONT-CONN: Connected to thingsboard server!"
WORKING = "NORMAL-CONN: Connected to thingsboard server!"


def check_recovered(world: World, token: str = TOKEN) -> None:
    """There is one device, it works, and it has stored what it works with."""
    assert world.names() == [NAME]
    held = world.held()
    assert held == Held(token or held.token, PROVISIONED, SAMPLE)
    mark = world.mark()
    world.work()
    assert world.statuses(mark) == []
