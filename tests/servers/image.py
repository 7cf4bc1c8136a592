"""Build what a Containerfile says without a container engine: its own steps, each stage in a mount namespace.

The machine stands in for the base image: its files, read-only, with an overlay for what a stage writes; its Python in
the place of the image's. Needs root, `unshare` and overlays.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OVERLAID = ("opt", "var/lib", "usr/local")
"""What stages write of the machine's files; what they put at the top of the root is shared by all of them."""


@dataclass
class Stage:
    """A stage: its steps, and what the image is told to do at last."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, kind: str) -> str:
        """The last step of a kind."""
        return next(text for one, text in reversed(self.steps) if one == kind)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        pairs = (pair.partition("=") for one, text in self.steps if one == "ENV" for pair in shlex.split(text))
        return {name: value for name, _, value in pairs}

    @property
    def command(self) -> list[str]:
        """What runs, as a list."""
        return [*json.loads(self.last("ENTRYPOINT")), *json.loads(self.last("CMD"))]


def stages_of(text: str) -> list[Stage]:
    """Read a Containerfile: the instructions that ours has."""
    stages: list[Stage] = []
    for kind, rest in _instructions(text):
        if kind == "FROM":
            stages.append(Stage(rest.partition(" AS ")[2]))
        elif kind != "ARG":
            stages[-1].steps.append((kind, rest))
    return stages


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = "\n".join(line for line in text.split("\n") if not line.startswith("#")).replace("\\\n", " ")
    for line in lines.split("\n"):
        if line.strip():
            kind, _, rest = line.partition(" ")
            yield kind, rest.strip()


def can_build() -> bool:
    """Whether this machine can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0 and shutil.which("setpriv") is not None


class Image:
    """The stages' files in a folder, below their names."""

    def __init__(self, stages: Sequence[Stage], folder: Path, context: Path) -> None:
        self.stages = stages
        self._folder = folder
        self._context = context

    def build(self) -> None:
        """Run all steps."""
        for number, stage in enumerate(self.stages):
            self._take(number, stage)

    def script(self, number: int, lines: Sequence[str], *, is_read_only: bool = False) -> str:
        """Return a shell script that enters a stage's files, and then does what the lines say."""
        upper = self._folder / f"stage-{number}"
        base = Path(sys.base_prefix).resolve()
        made = ["set -eu", f"mount -t tmpfs none {self._folder}/work"]
        for name in OVERLAID:
            above = upper / name
            above.mkdir(parents=True, exist_ok=True)
            lower = base if name == "usr/local" and base != Path("/usr") else Path("/", name)
            work = self._folder / "work" / f"{number}-{name.replace('/', '-')}"
            if is_read_only:
                made.append(f"mount -t overlay overlay -o ro,lowerdir={above}:{lower} /{name}")
            else:
                made += [
                    f"mkdir -p {work}/up {work}/work && cp -a {above}/. {work}/up/",
                    f"mount -t overlay overlay -o lowerdir={lower},upperdir={work}/up,workdir={work}/work /{name}",
                ]
        made += ["export PATH=/usr/local/bin:/usr/bin:/bin HOME=/nonexistent", *lines]
        if not is_read_only:
            made += [
                f"cp -a {self._folder}/work/{number}-{name.replace('/', '-')}/up/. {upper / name}/" for name in OVERLAID
            ]
        return "\n".join(made)

    def run(self, script: str, **more: object) -> "subprocess.CompletedProcess[str]":
        """Run a script in a mount namespace of its own."""
        (self._folder / "work").mkdir(exist_ok=True)
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False, **more
        )  # type: ignore[call-overload, no-any-return]

    def _take(self, number: int, stage: Stage) -> None:
        lines: list[str] = []
        for kind, text in stage.steps:
            if kind == "RUN":
                lines.append(self._placed(text))
            elif kind == "COPY":
                lines.append(self._copied(text))
            elif kind == "WORKDIR":
                lines.append(f"mkdir -p {self._placed(text)} && cd {self._placed(text)}")
        ran = self.run(self.script(number, lines))
        assert ran.returncode == 0, f"{stage.name}: {ran.stderr[-3000:]}"

    def _placed(self, text: str) -> str:
        """Return a step with what lies at the top of the root in the folder of the build."""
        return re.sub(r"(?<![\w./])/(src|wheels|requirements\.lock)\b", rf"{self._folder}/top/\1", text)

    def _copied(self, text: str) -> str:
        *flags, source, target = shlex.split(text)
        target = self._placed(target)
        if flags:
            name = flags[0].removeprefix("--from=")
            number = next(place for place, stage in enumerate(self.stages) if stage.name == name)
            if source == "/wheels":  # at the top, which the stages share
                return f"test -d {target}"
            return f"mkdir -p {target} && cp -a {self._folder}/stage-{number}{source}/. {target}/"
        if source == ".":
            known = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self._context,
                capture_output=True,
                check=True,
            )
            listed = self._folder / "files"
            listed.write_bytes(known.stdout)
            static = "src/hubbub/web/static"  # built already: else Node is fetched and builds it
            return (
                f"mkdir -p {self._folder}/top/src && cd {self._context} && "
                f"cp --parents -a $(tr '\\0' '\\n' < {listed}) {static} {self._folder}/top/src && "
                f"cd {self._folder}/top/src"
            )
        return f"mkdir -p {self._folder}/top && cp {self._context / source} {target}"


def serving_lines(stage: Stage, variables: Mapping[str, str]) -> list[str]:
    """Return what starts the image as its user, who can write in its volume and /tmp alone."""
    user, _, group = stage.last("USER").partition(":")
    told = {**stage.environment, **variables}
    known = " ".join(f"{name}={shlex.quote(value)}" for name, value in told.items())
    return [
        f"mount -t tmpfs -o uid={user},gid={group},mode=0755 none /var/lib/hubbub",
        "mount -t tmpfs -o mode=1777 none /tmp",
        "cd /",
        f"exec setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs "
        "env -i PATH=/opt/hubbub/bin:/usr/local/bin LD_LIBRARY_PATH=/usr/local/lib "
        f"{known} {shlex.join(stage.command)}",
    ]
