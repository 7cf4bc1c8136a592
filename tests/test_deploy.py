"""What deploy/ says fits what Hubbub is: settings, ports, paths, times, names; and its proxies run as they stand."""

import asyncio
import configparser
import os
import re
import shutil
import socket
import subprocess
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from hubbub.compose.telemetry import endpoints
from hubbub.settings import Settings, load_settings
from hubbub.web.routes import server as probes
from tests.patience import patience
from tests.servers.image import Image, can_build, serving_lines, stages_of

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
LATEST_SECONDS = 15
"""What a server that drains takes besides drain_seconds."""
STAGES = stages_of((DEPLOY / "Containerfile").read_text())

INSTALLS = re.compile(r"\bpip\b.* install ")


def named(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def settings_of(variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that these variables make; what is no setting is refused."""
    for name in [name for name in os.environ if name.startswith("HUBBUB_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no hubbub.toml is read


# The image.


def test_the_image_runs_as_nobody_and_writes_to_its_volume_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    last = STAGES[-1]
    settings = settings_of(last.environment, monkeypatch)
    user, group = map(int, last.last("USER").split(":"))
    assert min(user, group) > 1000
    assert str(settings.server.port) == last.last("EXPOSE")
    assert {settings.server.data_folder.parent, settings.server.cache_folder.parent} == {Path("/var/lib/hubbub")}
    assert not [text for kind, text in last.steps if kind == "RUN" and (INSTALLS.search(text) or "apt" in text)]
    assert last.steps.index(("USER", last.last("USER"))) > max(
        place for place, (kind, _) in enumerate(last.steps) if kind in ("RUN", "COPY")
    ), "what it runs belongs to root"


def test_all_that_is_installed_is_pinned_by_hashes() -> None:
    installs = [text for stage in STAGES for kind, text in stage.steps if kind == "RUN" and INSTALLS.search(text)]
    assert all("--require-hashes" in text or "--no-index" in text for text in installs)
    locks = {name for text in installs for name in re.findall(r"[\w/]+\.lock", text)}
    assert locks == {"deploy/build.lock", "/requirements.lock"}


def pins(lock: Path) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^ \\;]+)", lock.read_text(), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in found}


@pytest.mark.parametrize("extra", ["", "azure", "documents", "embedded", "postgres"])
def test_the_image_s_lock_has_what_the_package_needs_as_it_is_tested(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    pinned, tested = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    tested |= pins(ROOT / "requirements.lock")
    for line in wanted:
        name = re.split(r"[\[<>=;! ]", line)[0].lower()
        assert pinned[name] == tested[name]


@pytest.mark.skipif("HUBBUB_IMAGE" not in os.environ, reason="takes a minute: make check-deploy")
async def test_the_image_is_built_and_serves_read_only_without_rights(tmp_path: Path) -> None:
    assert can_build(), "this needs root, unshare and setpriv"
    image = Image(STAGES, tmp_path, ROOT)
    await asyncio.to_thread(image.build)
    last = len(STAGES) - 1
    look = (
        "! python -m pip --version; ! touch /opt/hubbub/x; ! test -e /opt/hubbub/bin/pip; find /opt -perm -002 -type f"
    )
    looked = await asyncio.to_thread(image.run, image.script(last, [look], is_read_only=True))
    assert (looked.returncode, looked.stdout) == (0, ""), looked.stderr
    variables = {
        "HUBBUB_SERVER__HOST": "127.0.0.1",  # for the test no other machine is let in
        "HUBBUB_SERVER__PORT": "0",
        "HUBBUB_EMBEDDED__IS_ENABLED": "false",
        "HUBBUB_EMBEDDINGS__PROVIDER": "none",
    }
    script = image.script(last, serving_lines(STAGES[last], variables), is_read_only=True)
    process = await asyncio.create_subprocess_exec(
        "unshare", "--mount", "sh", "-c", script, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            async for line in process.stdout:
                if b"ready at" in line:
                    break
        url = line.decode().partition("ready at ")[2].split()[0]
        status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
        assert re.search(r"^Uid:\s+10001\s+10001\s+10001", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{url}/readyz") as response:
                assert response.status in (200, 503)
            async with http.get(url) as response:
                assert "<!doctype html>" in await response.text()
        process.terminate()
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# Compose.


def test_what_compose_starts_fits_together(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = named("compose.yaml")
    services, last = compose["services"], STAGES[-1]
    assert set(services) == {"db", "hubbub-a", "hubbub-b", "proxy"}
    for name in ("hubbub-a", "hubbub-b"):
        one = services[name]
        assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]) == DEPLOY / ".." / "deploy/Containerfile"
        told = {key: value for key, value in one["environment"].items() if key.startswith("HUBBUB_")}
        told["HUBBUB_IDENTITY__ACCOUNTS__URL"] = "https://chat.example.com"
        settings = settings_of(last.environment | told, monkeypatch)
        assert settings.database.url is not None
        assert settings.server.trusted_proxies == (f"{services['proxy']['networks']['inside']['ipv4_address']}/32",)
        assert int(one["stop_grace_period"].removesuffix("s")) >= settings.server.drain_seconds + LATEST_SECONDS
        assert one["read_only"] is True
        assert [mount.partition(":")[2] for mount in one["volumes"]] == ["/var/lib/hubbub"]
        assert [mount.partition(":")[0] for mount in one["tmpfs"]] == ["/tmp"]
        assert f"localhost:{settings.server.port}/livez" in one["healthcheck"]["test"][-1]
    for one in services.values():
        assert set(one["networks"]) <= set(compose["networks"])
        assert set(one.get("depends_on", ())) <= set(services)
        for mount in one.get("volumes", ()):
            source = mount.partition(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file()


# Kubernetes.


def manifests() -> dict[str, Any]:
    listed = named("kubernetes/kustomization.yaml")["resources"]
    assert sorted(listed) == sorted(
        path.name for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.stem != "kustomization"
    )
    return {one["kind"]: one for name in listed for one in [named(f"kubernetes/{name}")]}


def test_the_manifests_name_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = manifests()
    assert set(kinds) == {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
    deployment = kinds["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert kinds["Service"]["spec"]["selector"] == labels
    assert kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    [container] = deployment["template"]["spec"]["containers"]
    [port] = container["ports"]
    assert kinds["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    scaled = kinds["HorizontalPodAutoscaler"]["spec"]
    target = kinds["Deployment"]
    assert scaled["scaleTargetRef"] == {
        "apiVersion": target["apiVersion"],
        "kind": "Deployment",
        "name": target["metadata"]["name"],
    }
    assert scaled["minReplicas"] > kinds["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    [metric] = scaled["metrics"]
    source = (ROOT / "src/hubbub/web/metrics.py").read_text()
    assert f'"{metric["pods"]["metric"]["name"]}", "gauge"' in source
    [image] = named("kubernetes/kustomization.yaml")["images"]
    assert image["name"] == container["image"]
    assert image["newTag"] == re.search(r'__version__ = "(.*)"', (ROOT / "src/hubbub/__init__.py").read_text())[1]  # type: ignore[index]


def test_the_pod_fits_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = manifests()["Deployment"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    last = STAGES[-1]
    told = {one["name"]: one["value"] for one in container["env"]}
    settings = settings_of(last.environment | told, monkeypatch)
    assert container["ports"][0]["containerPort"] == settings.server.port
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= settings.server.drain_seconds + LATEST_SECONDS + waits
    paths = {getattr(route, "path", "") for route in probes.probes.routes}
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container[name]["httpGet"]
        assert probe["path"] in paths
        assert probe["port"] == container["ports"][0]["name"]
        [header] = probe["httpHeaders"]
        assert (header["name"], header["value"] in settings.server.allowed_hosts) == ("Host", True)
    security = spec["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == last.last("USER")
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    assert set(mounts) == {"/var/lib/hubbub", "/tmp"}
    assert set(mounts.values()) == {one["name"] for one in spec["volumes"]}
    assert settings.identity.accounts.is_enabled, "else the server does not start off loopback"


# systemd.


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    parser = configparser.RawConfigParser(strict=False, dict_type=dict, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(section, {}).setdefault(key, []).append(value)
    return found


def test_the_unit_fits_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    service = unit("hubbub.service")["Service"]
    told = dict(pair.split("=", 1) for line in service["Environment"] for pair in line.split())
    settings = settings_of(
        {name: value.replace("%S", "/var/lib").replace("%C", "/var/cache") for name, value in told.items()}, monkeypatch
    )
    [stop], [watchdog] = service["TimeoutStopSec"], service["WatchdogSec"]
    assert int(stop) >= settings.server.drain_seconds + LATEST_SECONDS
    assert int(watchdog) > settings.server.silent_seconds
    assert service["Type"] == ["notify"]
    assert settings.server.data_folder == Path("/var/lib") / service["StateDirectory"][0] / "data"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_units_and_finds_them_closed(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd/hubbub.service").read_text()
    service = tmp_path / "hubbub.service"
    service.write_text(text.replace("/opt/hubbub/bin/hubbub", "/bin/true"))  # it has to be there
    (tmp_path / "hubbub.socket").write_text((DEPLOY / "systemd/hubbub.socket").read_text())
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(service), str(tmp_path / "hubbub.socket")],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to" in verified.stderr and "connect" in verified.stderr:
        pytest.skip("systemd-analyze can't run here")
    assert "hubbub" not in verified.stderr, verified.stderr
    assert verified.returncode == 0, verified.stderr
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(service)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-500:] + rated.stderr


# The proxies, with two small servers behind them in place of Hubbub.


class Behind:
    """A server that tells what it was asked with, and writes and reads piece by piece."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_go_on = asyncio.Event()
        self.has_begun = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/stream":
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(b"data: first\n\n")
            await self.may_go_on.wait()
            await response.write(b"data: second\n\n")
            return response
        if request.path == "/upload":
            await request.content.readany()
            self.has_begun.set()
        await request.read()
        said = [(name.lower(), value) for name, value in request.headers.items()]
        return web.json_response({"name": self.name, "path": request.path, "headers": said})


@asynccontextmanager
async def behind(name: str) -> AsyncIterator[tuple[Behind, int]]:
    one = Behind(name)
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", one.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield one, runner.addresses[0][1]
    finally:
        one.may_go_on.set()
        await runner.cleanup()


FILES = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg", "caddy": "Caddyfile"}
ARGUMENTS = {
    "nginx": ["-g", "daemon off;", "-e", "stderr", "-c"],
    "haproxy": ["-f"],
    "caddy": ["run", "--adapter", "caddyfile", "--config"],
}


@asynccontextmanager
async def proxied(program: str, folder: Path) -> AsyncIterator[tuple[str, list[Behind]]]:
    """Run a proxy as its file stands, but for the addresses and where it puts files for a moment."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if path is None:
        pytest.skip(f"needs {program}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with behind("a") as (a, port_a), behind("b") as (b, port_b):
        text = (DEPLOY / "proxies" / FILES[program]).read_text()
        for old, new in {
            "hubbub-a:8000": f"127.0.0.1:{port_a}",
            "hubbub-b:8000": f"127.0.0.1:{port_b}",
            "/tmp/": f"{folder}/",
            "listen 8080": f"listen 127.0.0.1:{port}",
            "bind :8080": f"bind 127.0.0.1:{port}",
            "\n:8080 {": f"\n:{port} {{\n\tbind 127.0.0.1",
        }.items():
            text = text.replace(old, new)
        file = folder / FILES[program]
        file.write_text(text)
        told = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        with (folder / "log").open("w") as log:
            process = await asyncio.create_subprocess_exec(
                path, *ARGUMENTS[program], str(file), stdout=log, stderr=log, env=told
            )
        try:
            async with patience(), aiohttp.ClientSession() as http:
                while True:  # until it listens, and knows that those behind it are well
                    assert process.returncode is None, (folder / "log").read_text()[-2000:]
                    try:
                        async with http.get(f"http://127.0.0.1:{port}/") as response:
                            if response.status == 200:
                                break
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.02)
            yield f"http://127.0.0.1:{port}", [a, b]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@pytest.mark.parametrize("program", FILES)
async def test_a_proxy_says_who_asks_and_lets_nobody_say_otherwise(program: str, tmp_path: Path) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.9;proto=https",
    }
    async with proxied(program, tmp_path) as (url, _), aiohttp.ClientSession() as http:
        names: set[str] = set()
        async with patience():
            while names != {"a", "b"}:
                async with http.get(f"{url}/who", headers=lies) as response:
                    told = await response.json()
                names.add(told["name"])
    headers: dict[str, list[str]] = {}
    for name, value in told["headers"]:
        headers.setdefault(name, []).append(value)
    assert headers["x-forwarded-for"] == ["127.0.0.1"]
    assert headers["x-forwarded-proto"] == ["http"]
    assert headers["x-forwarded-host"] == headers["host"] == [url.removeprefix("http://")]
    assert "forwarded" not in headers


@pytest.mark.parametrize("program", FILES)
async def test_a_proxy_holds_nothing_back(program: str, tmp_path: Path) -> None:
    async with proxied(program, tmp_path) as (url, servers), aiohttp.ClientSession() as http, patience():
        async with http.get(f"{url}/stream") as response:
            assert await response.content.readany() == b"data: first\n\n"
            for one in servers:
                one.may_go_on.set()
            assert await response.content.readany() == b"data: second\n\n"

        async def pieces() -> AsyncIterator[bytes]:
            yield b"x" * 65536
            begun = [asyncio.create_task(one.has_begun.wait()) for one in servers]
            await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
            for task in begun:
                task.cancel()
            yield b"x" * 40 * 1024 * 1024

        async with http.put(f"{url}/upload", data=pieces()) as response:
            assert response.status == 200


# The page that tells of it.


def test_the_page_on_deployment_names_files_that_are_there() -> None:
    page = (ROOT / "docs/how-to/deploy.md").read_text()
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".lock" and path.parent.name != "kubernetes":
            assert f"deploy/{path.relative_to(DEPLOY).as_posix()}" in page, path


def test_a_collector_is_found_by_the_settings_of_the_page() -> None:
    page = (ROOT / "docs/how-to/telemetry.md").read_text()
    [table] = re.findall(r"```toml\n(\[telemetry\].*?)```", page, re.DOTALL)
    assert set(endpoints(Settings.model_validate(tomllib.loads(table)), {})) == {"traces", "metrics", "logs"}
