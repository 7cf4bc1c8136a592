"""Serve a GGUF file on a loopback port: the program that `LocalModel` runs as a child.

It reads one line of JSON from stdin (a `Job`), answers with one on stdout (`Ready`, or `Refused`), serves, and
ends when its stdin does. The key comes that way since arguments and environments can be read by others.
"""

import importlib
import os
import sys
from typing import Any

import msgspec


class Job(msgspec.Struct, frozen=True):
    """What to serve, and how."""

    path: str
    api_key: str
    parallel: int
    context_tokens: int
    """For each of the `parallel` answers."""
    threads: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded and served at this address."""

    url: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It can't be served, for a reason fit for a person."""

    message: str


PREFILL_TOKENS = 256
"""Tokens of a prompt read in one go. With the default of 2048 a question that was given up during its prefill
went on using all cores for 6 s; with 256 it ends within 1 s."""
REPEAT_PENALTY = 1.1
"""Without it (1.0) 7 of 24 everyday answers of SmolLM2-135M went round in circles, with it 0 or 1, at no cost that
could be measured; at 1.2 it got simple facts wrong that it has right at 1.1."""


def serve(job: Job) -> Ready | Refused:
    """Load the model and serve it from threads of the runtime's own."""
    try:
        runtime: Any = importlib.import_module("xllamacpp")  # it has no types
    except ImportError:
        return Refused('The embedded model\'s runtime is not installed. Install it: pip install "hubbub[embedded]".')
    parameters = runtime.CommonParams()
    parameters.model.path = job.path
    parameters.n_parallel = job.parallel
    parameters.n_ctx = job.parallel * job.context_tokens
    parameters.n_batch = parameters.n_ubatch = PREFILL_TOKENS
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = job.threads
    parameters.sampling.penalty_repeat = REPEAT_PENALTY
    parameters.ui = False
    parameters.verbosity = 0
    parameters.cache_ram_mib = 0
    parameters.api_keys = [job.api_key]
    try:
        server = runtime.Server(parameters)
    except Exception as error:  # noqa: BLE001 # the runtime's errors have no type of their own
        return Refused(f"The file {job.path} can't be loaded as a model ({error}).")
    _kept.append(server)
    return Ready(str(server.listening_address))


_kept: list[object] = []  # a server that is collected stops serving


def main() -> None:
    """Do what the line on stdin says."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what native code prints must not mix with our one line
    answer = serve(msgspec.json.decode(sys.stdin.buffer.readline(), type=Job))
    answers.write(msgspec.json.encode(answer) + b"\n")
    if isinstance(answer, Ready):
        sys.stdin.buffer.read()
    sys.stdout.flush()
    os._exit(0)  # native threads may not come to an end of their own


if __name__ == "__main__":
    main()
