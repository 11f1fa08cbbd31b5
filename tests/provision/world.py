"""A device beside a ThingsBoard, and what tests ask of the two."""

from dataclasses import dataclass
from typing import Any

from tbtools.rest import ProvisionType, RestClient
from tbtools.server import credentials as creds
from tbtools.server.journal import Event
from tbtools.server.model import Device as ServerDevice
from tbtools.server.model import ProvisionType as ServerProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests import canary
from tests.authority import Authority
from tests.provision.build import Build
from tests.provision.device import Device, Setting
from tests.provision.options import ServerAddress

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
    """A device, off and not configured, and a running stand-in whose one profile creates devices: for KEY and SECRET,
    or, if the device sends no request, for the CA that has signed its certificate.
    """

    def __init__(self, device: Device, address: ServerAddress, build: Build) -> None:
        self.device = device
        self.model = build.model
        self._uses_tls = build.uses_tls
        self._config = StandInConfig(host=address.listen)
        self._host = address.seen
        self._authority = Authority()
        self._identity = self._authority.device(NAME)
        self.start_server()

    # -- the server

    def start_server(self, name: str | None = None, expired: bool = False) -> None:
        """Start a server with nothing but the profile, at the address of the one before it.

        With TLS its certificate is for *name*, by default for its address.
        """
        if self._uses_tls:
            self._config.tls = self._authority.server(host=name or self._host, expired=expired)
        self.tb = StandInThread(self._config)
        self.tb.faults.add("accept:close*0")  # nobody is let in before the profile is there
        self.tb.__enter__()
        self._config.mqtt_port, self._config.mqtts_port = self.tb.mqtt_port, self.tb.mqtts_port
        self.rest = RestClient(self.tb.url)
        self.rest.login()
        if self.model.provisioning.has_request:
            self.set_profile("ALLOW_CREATE_NEW_DEVICES")
        else:
            self._create_chain_profile()
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

    def create_device_with_certificate(self) -> None:
        """Create the device as an administrator does who has its certificate."""
        credentials = creds.x509_certificate(creds.first_certificate(self._identity.certificate))
        self.tb.run(lambda tb: tb.store.create_device(NAME, tb.store.default_profile(), credentials))

    def lock_out(self) -> None:
        """Delete the device, and let none be made."""
        self.delete_device()
        if not self.model.provisioning.has_request:
            self._create_chain_profile(creates=False)

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

    def telemetry(self, name: str = NAME) -> dict[str, Any]:
        """The latest sample of that device."""
        return self.rest.latest_telemetry(self._id_of(name))

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

    def configure(self, **changes: Setting | None) -> None:
        """Make the device factory-fresh, with *changes* to the settings of the example; what is None is left out."""
        settings: dict[str, Setting | None] = {
            "host": self._host,
            "port": self._config.mqtts_port if self._uses_tls else self._config.mqtt_port,
            "device_name": NAME,
            "prov_key": KEY,
            "prov_secret": SECRET,
            "token": TOKEN,
            "run_time_s": 1,
            "telemetry_s": 10,
        }
        if self._uses_tls:
            texts = {"client_cert": self._identity.certificate + self._authority.pem, "client_key": self._identity.key}
            settings.update(texts, ca_cert=self._authority.pem)
        settings.update(changes)
        given = {key: value for key, value in settings.items() if value is not None}
        canary.plant(given)
        self.device.configure(**given)

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

    def _create_chain_profile(self, creates: bool = True) -> None:
        configuration = {
            "type": "X509_CERTIFICATE_CHAIN",
            "provisionDeviceSecret": self._authority.pem,
            "certificateRegExPattern": "(.*)",
            "allowCreateNewDevicesByX509Certificate": creates,
        }
        old = self.rest.find_profile(_PROFILE)
        self.tb.create_profile(
            _PROFILE,
            "",
            "",
            ServerProvisionType.X509_CERTIFICATE_CHAIN,
            profileData={"provisionConfiguration": configuration},
            **({"id": old["id"]} if old else {}),
        )

    def _id_of(self, name: str) -> str:
        found = self.rest.find_device(name)
        assert found is not None, f"no device {name} on the server, only {self.names()}"
        device_id: str = found["id"]["id"]
        return device_id

    def _server_device(self, name: str) -> ServerDevice:
        device = self.tb.device(name)
        assert device is not None
        return device
