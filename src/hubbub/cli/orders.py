"""What a server's parent process and its workers tell each other: a job and how to end it; reports back."""

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from hubbub.settings import Settings

LENGTH = struct.Struct("!Q")

DRAIN = b"d"
"""Drain, and serve on until told to end: the others on this port drain as well."""
EXPECT = b"x"
"""A successor is being started: questions that come may be left to it."""
SUCCEEDED = b"s"
"""Drain and end; a successor serves on this port."""
END = b"e"
"""End now."""


@dataclass(frozen=True)
class Job:
    """What a worker is to do."""

    settings: Settings
    descriptor: int
    """The number of the listening socket, which the worker inherits."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """It serves."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It can't serve, for a reason fit for a person."""

    message: str
    faults: tuple[str, ...] = ()
    """Of the settings, if these are the reason."""


class Alive(msgspec.Struct, frozen=True, tag="alive"):
    """Its event loop turns; told again and again."""

    is_idle: bool
    """Whether it drains, and no answer is open there or read: what was true before would be out of date."""


Report: TypeAlias = Ready | Failed | Alive


def encode_job(job: Job) -> bytes:
    """Return what is sent to a worker."""
    data = pickle.dumps(job)
    return LENGTH.pack(len(data)) + data


def decode_job(read: Callable[[int], bytes]) -> Job:
    """Return what was sent; `read` gives so many bytes of it."""
    return pickle.loads(read(LENGTH.unpack(read(LENGTH.size))[0]))  # noqa: S301 (our own parent sent it)


def encode_report(report: Report) -> bytes:
    """Return a report as one line."""
    return msgspec.json.encode(report) + b"\n"


def decode_report(line: bytes) -> Report:
    """Return what a line says."""
    return msgspec.json.decode(line, type=Report)
