"""What operators look at: figures for a monitoring system, and a page of them with what held the server up."""

import base64
import hashlib
import os
import time
from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

import hubbub
from hubbub.app.application import Application
from hubbub.connections.watchdog import Incident
from hubbub.core.references import recent
from hubbub.models.base import Deployed
from hubbub.web.asker import App, Asker, check_operator
from hubbub.web.clients import Clients
from hubbub.web.metrics import MEDIA_TYPE, deployments_of, metrics_of, render
from hubbub.web.protocol import clients_of

router = APIRouter(include_in_schema=False)

REFRESH_SECONDS = 10
_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 20%, Canvas); }
body { font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; } a { color: LinkText; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 1rem; margin: 1rem 0; }
dl div { display: flex; flex-direction: column; justify-content: space-between; }
dl div { border-top: 2px solid var(--line); padding-top: .25rem; }
dt { font-size: .875rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
article { border-top: 1px solid var(--line); padding: .5rem 0; }
h3 { font-size: 1rem; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: .25rem 1rem .25rem 0; border-top: 1px solid var(--line); }
pre { overflow-x: auto; font-size: .8125rem; margin: .5rem 0; padding: .5rem; border: 1px solid var(--line); }
"""
# Fetches the page again, and puts in place what has changed. What has the focus, or is marked, is left alone.
_SCRIPT = """
const live = document.getElementById("live"), pause = document.getElementById("pause");
const isInUse = part => part.contains(document.activeElement) || (getSelection().rangeCount > 0 &&
  !getSelection().isCollapsed && getSelection().getRangeAt(0).intersectsNode(part));
async function look() {
  if (pause.checked || document.hidden) return;
  const response = await fetch(location.href).catch(() => null);
  document.getElementById("lost").hidden = response?.ok === true;
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of page.getElementById("live").children) {
    const here = document.getElementById(part.id);
    if (here.innerHTML !== part.innerHTML && !isInUse(here)) here.replaceChildren(...part.childNodes);
  }
}
setInterval(look, REFRESH_SECONDS * 1000);
document.addEventListener("visibilitychange", look);
pause.closest("p").hidden = false;
""".replace("REFRESH_SECONDS", str(REFRESH_SECONDS))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; "
    f"style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}"
)


@router.get("/metrics")
async def show_metrics(request: Request, app: App, person: Asker) -> Response:
    """Tell this process's figures in the text format of Prometheus, to operators. Asks no database and no model."""
    check_operator(person, request)
    text = render(metrics_of(app, clients_of(request.scope)))
    return Response(text, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})


@router.get("/operators")
async def show_operators_page(request: Request, app: App, person: Asker, still: bool = False) -> Response:
    """Show this process's figures and the last incidents, to operators. They are kept fresh unless `still`.

    Asks no database and no model.
    """
    check_operator(person, request)
    headers = {"cache-control": "no-store", "content-security-policy": _POLICY}
    return HTMLResponse(_page(app, clients_of(request.scope), is_still=still), headers=headers)


def _page(app: Application, clients: Clients | None, *, is_still: bool) -> str:
    watchdog = app.watchdog
    script = "" if is_still else f"<script>{_SCRIPT}</script>"
    incidents = "".join(_incident(one) for one in reversed(watchdog.incidents))
    none = f"<p>None: the event loop was never held up for more than {_time(watchdog.late_seconds)}.</p>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Operators – Hubbub</title><style>{_STYLE}</style></head><body><main>
<h1>How Hubbub does</h1>
<p>This is what this one worker process sees of itself; where there are several, each has figures of its own.
Read <a href="metrics">all figures</a> with a monitoring system, and see <a href="operators/usage">what people
use</a>.</p>
<p hidden><label><input type="checkbox" id="pause"> Pause: leave the figures as they are</label></p>
<p id="lost" role="status" hidden>The server can’t be reached. These figures are old.</p>
<div id="live">
<section id="who"><p>Version {escape(hubbub.__version__)}, process {os.getpid()}, {_moment(time.time())}.</p></section>
<section id="now"><h2>Now</h2><dl>{_figures(_now(app, clients))}</dl></section>
<section id="since"><h2>Since the start</h2><dl>{_figures(_since(app, clients))}</dl></section>
<section id="deployments">{_deployments(app)}</section>
<section id="incidents"><h2>The last incidents</h2>{incidents or none}</section>
<section id="references">{_references()}</section>
</div></main>{script}</body></html>
"""


def _references() -> str:
    """Return what the last errors said to operators, by the references that people were told."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(one.reference)}</th><td>{_moment(one.at)}</td><td>{escape(one.code)}</td>"
        f"<td>{escape(one.detail)}</td><td>{escape(one.trace_id)}</td></tr>"
        for one in reversed(recent)
    )
    if not rows:
        return ""
    return (
        "<h2>The last errors that people were told of</h2><table><thead><tr><th scope='col'>Reference</th>"
        "<th scope='col'>When</th><th scope='col'>Code</th><th scope='col'>What happened</th><th scope='col'>Trace</th>"
        "</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _deployments(app: Application) -> str:
    deployments = deployments_of(app)
    if not deployments:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{_state(one)}</td><td>{one.under_way:,}</td>"
        f"<td>{one.attempts:,}</td><td>{one.failures:,}</td></tr>"
        for name, one in deployments.items()
    )
    return (
        "<h2>Deployments</h2><table><thead><tr><th scope='col'>Model</th><th scope='col'>State</th>"
        "<th scope='col'>Under way</th><th scope='col'>Asked</th><th scope='col'>Failed</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _state(deployment: Deployed) -> str:
    wait = f", asked again in {_time(deployment.opens_in_seconds)}" if deployment.opens_in_seconds else ""
    return f"{deployment.state}{wait}"


def _now(app: Application, clients: Clients | None) -> dict[str, str]:
    found = {
        "Open answers": f"{app.runner.open_count:,}",
        "Waiting in line": f"{app.runner.waiting_count:,}",
        "Readers": f"{app.log.reader_count:,}",
        "Between two rounds": _time(app.log.window_seconds),
    }
    if clients is not None:
        found["Connections, of at most"] = f"{clients.open:,} / {clients.bounds.connections:,}"
    if app.watchdog.resident_bytes:
        found["Memory"] = f"{app.watchdog.resident_bytes / 2**20:,.0f} MiB"
    return found


def _since(app: Application, clients: Clients | None) -> dict[str, str]:
    watchdog = app.watchdog
    lag, pauses = watchdog.lag, watchdog.pauses
    found = {
        "Event loop late, median": f"≤ {_time(lag.below(0.5))}",
        "Event loop late, 99 %": f"≤ {_time(lag.below(0.99))}",
        "Event loop late, at most": _time(lag.greatest),
        "Incidents": f"{watchdog.incident_count:,}",
        "Garbage collections": f"{pauses.count:,}",
        "Longest collection": _time(pauses.greatest),
        "Processor time": f"{time.process_time():,.0f} s",
    }
    if clients is not None:
        found["Refused, too many"] = f"{clients.refused:,}"
        found["Cut, slow head"] = f"{clients.waiting.late['head']:,}"
        found["Cut, took nothing"] = f"{clients.stalled:,}"
    return found


def _figures(figures: dict[str, str]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures.items())


def _incident(incident: Incident) -> str:
    told = [f"{count:,} {what}" for what, count in incident.delayed.items()]
    if incident.gc_seconds >= 0.001:
        told.append(f"garbage collector {_time(incident.gc_seconds)}")
    if incident.samples:
        looks = "1 look" if incident.samples == 1 else f"{incident.samples} looks"
        told.append(f"this stack in {incident.share:.0%} of {looks}")
    stack = "\n".join(incident.stack) or "Nobody could look: the whole process stood still."
    return (
        f"<article><h3>{_moment(incident.at)}: held up for {_time(incident.seconds)}</h3>"
        f"<p>{escape(', '.join(told))}</p><pre tabindex='0'>{escape(stack)}</pre></article>"
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.3g} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
