"""Count the connections that processes have to a port (Linux)."""

from pathlib import Path

ESTABLISHED = "01"


def connections_of(pid: int, port: int) -> int:
    """Return how many established connections a process has to a port of this machine."""
    ours: set[str] = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                ours.add(str(link.readlink()))
            except OSError:  # closed in the meantime
                continue
        table = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:  # it has ended
        return 0
    found = 0
    for line in table:
        parts = line.split()
        is_there = parts[3] == ESTABLISHED and int(parts[2].split(":")[1], 16) == port
        found += is_there and f"socket:[{parts[9]}]" in ours
    return found
