"""Count the connections that processes have to a port (Linux)."""

from pathlib import Path

ESTABLISHED = "01"


def connections_of(pid: int, port: int) -> set[str]:
    """Return the established connections that a process has to a port of this machine, by their sockets."""
    ours: set[str] = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                ours.add(str(link.readlink()))
            except OSError:  # closed in the meantime
                continue
        table = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:  # it has ended
        return set()
    found: set[str] = set()
    for line in table:
        parts = line.split()
        if parts[3] == ESTABLISHED and int(parts[2].split(":")[1], 16) == port:
            found.add(f"socket:[{parts[9]}]")
    return found & ours
