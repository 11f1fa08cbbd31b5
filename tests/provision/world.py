"""A device beside a ThingsBoard, and what tests ask of the two."""

from dataclasses import dataclass
from typing import Any

from tbtools.rest import ProvisionType, RestClient
from tbtools.server.journal import Event
from tbtools.server.model import Device as ServerDevice
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests import canary
from tests.provision.device import Device, Setting

NAME = "MY_DEVICE_NAME"
KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
TOKEN = "MY_ACCESS_TOKEN"
_PROFILE = "pytest_provision"


@dataclass(frozen=True)
class Held:
    """What the server holds about a device, as its REST interface tells."""

    token: str
    provision_state: str | None
    telemetry: dict[str, Any]


class World:
    """A device, off and not configured, and a running stand-in whose one profile creates devices for KEY and SECRET."""

    def __init__(self, device: Device, host: str) -> None:
        self.device = device
        self._host = host
        self._port = 0
        self.start_server()

    # -- the server

    def start_server(self) -> None:
        """Start a server with nothing but the profile, at the address of the one before it."""
        self.tb = StandInThread(StandInConfig(host=self._host, mqtt_port=self._port))
        self.tb.faults.add("accept:close*0")  # nobody is let in before the profile is there
        self.tb.__enter__()
        self._port = self.tb.mqtt_port
        self.rest = RestClient(self.tb.url)
        self.rest.login()
        self.set_profile("ALLOW_CREATE_NEW_DEVICES")
        self.tb.faults.clear()

    def stop_server(self) -> None:
        """Stop it; connections to it are closed, and new ones refused by the system."""
        self.rest.__exit__()
        self.tb.__exit__()

    def set_profile(self, kind: ProvisionType, secret: str = SECRET) -> str:
        """Change how the profile provisions. Returns its id."""
        profile: str = self.rest.save_profile(_PROFILE, kind, KEY, secret)["id"]["id"]
        return profile

    def create_device(self, name: str = NAME, token: str = TOKEN, profile_id: str | None = None) -> str:
        """Create a device as an administrator does. Returns its id."""
        device: str = self.rest.save_device(name, profile_id, token)["id"]["id"]
        return device

    def delete_device(self, name: str = NAME) -> None:
        """Delete it as an administrator does."""
        self.rest.delete_device(self._id_of(name))

    def held(self, name: str = NAME) -> Held:
        """What the server holds about the device of that name."""
        device_id = self._id_of(name)
        credentials = self.rest.credentials(device_id)
        assert credentials["credentialsType"] == "ACCESS_TOKEN"
        state = self.rest.attributes(device_id, "SERVER_SCOPE").get("provisionState")
        return Held(credentials["credentialsId"], state, self.rest.latest_telemetry(device_id))

    def names(self) -> list[str]:
        """The names of all devices on the server."""
        return self.tb.run(lambda standin: [device.name for device in standin.store.devices()])

    def push(self, topic: str, payload: bytes, name: str = NAME) -> None:
        """Send the connected device a message that it did not ask for."""
        device = self._server_device(name)

        def send(standin: Any) -> None:
            session = standin.core.sessions.of(device)
            assert session is not None, f"{name} is not connected"
            session.push(topic, payload)

        self.tb.run(send)

    def push_and_drop(self, topic: str, payload: bytes, count: int, name: str = NAME) -> None:
        """Send the connected device *count* messages in one go, and close its connection right after."""
        device = self._server_device(name)

        def send(standin: Any) -> None:
            session = standin.core.sessions.of(device)
            assert session is not None, f"{name} is not connected"
            for _ in range(count):
                session.push(topic, payload)
            standin.core.sessions.close(device, "test")

        self.tb.run(send)

    def drop_connection(self, name: str = NAME) -> None:
        """Close the device's connection."""
        device = self._server_device(name)
        self.tb.run(lambda standin: standin.core.sessions.close(device, "test"))

    # -- the device

    def configure(self, **changes: Setting) -> None:
        """Make the device factory-fresh, with *changes* to the settings of the example."""
        settings: dict[str, Setting] = {
            "host": self._host,
            "port": self._port,
            "device_name": NAME,
            "prov_key": KEY,
            "prov_secret": SECRET,
            "token": TOKEN,
            "run_time_s": 1,
            "telemetry_s": 10,
        }
        settings.update(changes)
        canary.plant(settings)
        self.device.configure(**settings)

    def run(self) -> int:
        """Boot, and return the exit status."""
        self.device.boot()
        return self.device.wait_end()

    def work(self) -> None:
        """Boot, and wait until the server has a sample of this boot."""
        mark = self.mark()
        self.device.boot()
        self.wait("telemetry", mark)

    # -- the journal

    def mark(self) -> int:
        """The present moment, for wait() and statuses()."""
        return self.tb.journal.last_seq()

    def wait(self, event: str, since: int = 0, **fields: object) -> Event:
        """Wait for an event of the server's journal."""
        return self.tb.journal.wait(event, timeout_s=self.device.patience_s, since=since, **fields)

    def statuses(self, since: int = 0) -> list[str]:
        """The server's decisions about provisioning requests."""
        return [event["status"] for event in self.tb.journal.events("provision", since)]

    # -- inside

    def _id_of(self, name: str) -> str:
        found = self.rest.find_device(name)
        assert found is not None, f"no device {name} on the server, only {self.names()}"
        device_id: str = found["id"]["id"]
        return device_id

    def _server_device(self, name: str) -> ServerDevice:
        device = self.tb.device(name)
        assert device is not None
        return device
