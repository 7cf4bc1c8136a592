"""Measure how soon another deployment is asked after a 429, and that the first one is left alone."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.faults.runs import QUESTION, WELL_SCRIPT, Lab
from hubbub.core.questions import Question
from tests.servers.model_server import ModelServer, Script

COOLING_QUESTIONS = 5


@dataclass
class Switches:
    """What was measured."""

    milliseconds: list[float] = field(default_factory=list)
    """From when the first server had read the question until the other one had."""
    calls_to_cooling: int = 0

    def percentile(self, share: float) -> float:
        """Return the time that so large a share of the switches took at most."""
        ranked = sorted(self.milliseconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


async def measure_switches(lab: Lab, times: int) -> Switches:
    """Switch so many times, each time with fresh deployments, and go on asking while the first one cools."""
    switches = Switches()
    for _ in range(times):
        async with AsyncExitStack() as stack:
            busy = ModelServer(Script(status=429, headers={"Retry-After": "30"}, body=b"{}"))
            servers = [await stack.enter_async_context(server) for server in (busy, ModelServer(WELL_SCRIPT))]
            engine = lab.engine([lab.deployment(server.base_url, str(server.port)) for server in servers])
            for _ in range(1 + COOLING_QUESTIONS):
                await engine.answer(Question(QUESTION), lambda event: None)
            first, second = (server.seen for server in servers)
            switches.milliseconds.append(1000 * (second[0].began - first[0].began))
            switches.calls_to_cooling += len(first) - 1
    return switches
