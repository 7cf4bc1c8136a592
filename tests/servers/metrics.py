"""Read a server's figures as a monitoring system does."""

import os
import re

import aiohttp


def parsed(text: str) -> dict[str, float]:
    """Return each figure by its name and its labels but the process; raises where a line has not the form."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        if re.fullmatch(r"# (HELP \w+ .+|TYPE \w+ (gauge|counter|histogram))", line):
            continue
        parts = re.fullmatch(r'(\w+)\{process="\d+"(?:,(\w+="[^"\\]+"))?\} (\S+)', line)
        assert parts, line
        name = f"{parts[1]}{{{parts[2]}}}" if parts[2] else parts[1]
        assert name not in found, line
        found[name] = float(parts[3])
    return found


async def metrics_of(http: aiohttp.ClientSession, url: str) -> dict[str, float]:
    """Return a server's figures."""
    async with http.get(f"{url}/metrics") as response:
        assert response.status == 200, await response.text()
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parsed(await response.text())


async def check_loop(http: aiohttp.ClientSession, url: str, most_seconds: float = 0.5) -> None:
    """Fail if a server's event loop was ever held up for so long, and tell what held it up.

    Where more programs want to run than there are cores, it may take longer by as much.
    """
    most_seconds *= slowness()
    if (await metrics_of(http, url))["hubbub_incident_longest_seconds"] >= most_seconds:
        async with http.get(f"{url}/operators?still=true") as response:
            told = (await response.text()).partition("The last incidents</h2>")[2]
        raise AssertionError("the event loop was held up:\n" + re.sub(r"<[^>]*>", "\n", told))


def slowness() -> float:
    """Return how many times as long things may take: above 1 where more programs want to run than there are cores."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
