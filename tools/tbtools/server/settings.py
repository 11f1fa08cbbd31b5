"""What a test may change about the server while it runs."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tbtools.server.limits import parse_rates
from tbtools.server.version import ServerVersion


class Settings(BaseModel):
    """Knobs of the stand-in; each default is that of a stock ThingsBoard. A limit of 0 or "" means none.

    Durations are in seconds. Assignment is validated; a change applies from the next packet on.
    """

    model_config = ConfigDict(validate_assignment=True, extra="forbid")

    server_version: str = "4.3"
    max_connections: int = Field(default=0, ge=0)
    max_devices: int = Field(default=0, ge=0)
    max_packet_bytes: int = Field(default=65_536, ge=16)
    pre_connack_queue: int = Field(default=100, ge=0)
    provision_close_s: float = Field(default=60.0, ge=0)
    transport_timeout_s: float = Field(default=10.0, ge=0)
    client_rpc_timeout_s: float = Field(default=60.0, ge=0)
    inactivity_s: float | None = Field(default=None, gt=0, description="None: as the server version has it")
    device_inactivity_s: float = Field(default=600.0, gt=0, description="After it the attribute active becomes false")
    inactivity_check_s: float = Field(default=3.0, gt=0)
    type_cast: bool = True
    max_string_value_length: int = Field(default=0, ge=0)
    message_rate_limit: str = ""
    telemetry_message_rate_limit: str = ""
    telemetry_points_rate_limit: str = ""

    @property
    def version(self) -> ServerVersion:
        """The release whose behaviour is shown."""
        return ServerVersion.parse(self.server_version)

    @property
    def inactivity_limit_s(self) -> float:
        """Seconds without uplink after which a device's session is closed."""
        return self.inactivity_s if self.inactivity_s is not None else self.version.inactivity_s

    @field_validator("server_version")
    @classmethod
    def _is_version(cls, text: str) -> str:
        ServerVersion.parse(text)
        return text

    @field_validator("message_rate_limit", "telemetry_message_rate_limit", "telemetry_points_rate_limit")
    @classmethod
    def _is_rate(cls, text: str) -> str:
        parse_rates(text)
        return text
