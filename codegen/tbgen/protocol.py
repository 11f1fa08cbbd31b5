"""ThingsBoard's topics, JSON words and limits, from `protocol.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from tbgen.load import load
from tbgen.names import NAME_PATTERN
from tbgen.schema import Strict
from tbgen.validate import validate

SOURCE_PATTERN = r"^(contract [0-9]+\.[0-9]+|chosen)$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class Entry(Strict):
    """Something the server fixes."""

    source: str = Field(description="who says so: `contract N.M`, or `chosen` by us", pattern=SOURCE_PATTERN)


class Text(Entry):
    """A topic, a key or a word."""

    text: str = Field(description="the text on the wire", min_length=1)


class Limit(Entry):
    """The length of something."""

    value: int = Field(description="longest value in bytes", ge=1, le=65536)


class Protocol(Strict):
    """All of `protocol.yaml`."""

    topics: dict[Name, Text] = Field(description="MQTT topics")
    usernames: dict[Name, Text] = Field(description="MQTT user names")
    keys: dict[Name, Text] = Field(description="keys of JSON objects")
    words: dict[Name, Text] = Field(description="words that are values in JSON")
    limits: dict[Name, Limit] = Field(description="longest values")


def read_protocol(path: Path) -> Protocol:
    """Return the protocol that the file *path* holds; raise ModelError at the first line that is wrong."""
    return validate(load(path, path.name), Protocol)
