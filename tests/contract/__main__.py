"""`make live`: the contract against real Zoom, compared with a sandbox of its own.

Without credentials in the environment it says what to set. It writes build/live.md and
build/live.json, which hold no value that Zoom answered.
"""

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.contract.child import ROOT, run_child
from tests.contract.outcomes import LINE
from tests.contract.record import Record
from tests.contract.report import Report
from tests.contract.target import OPTIONAL, REQUIRED, SettingsError, find_missing, read_live

# Seconds. Zoom may take its time until it tells of what happened in a meeting.
LONGEST = {"sandbox": 300.0, "live": 1200.0}
# To delete what was made, when a run is broken off.
LAST_WORDS = 60.0

_TOLD = re.compile(rf"{LINE}(.*)")
_OPEN = ("LIVE_ZOOM_API_URL", "LIVE_ZOOM_OAUTH_URL", "LIVE_ZOOM_WEB")


class BrokenOffError(Exception):
    """A run that came to no end, in one sentence."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make live", description=__doc__)
    parser.add_argument("--cases", default="", help="only these, as pytest's -k")
    parser.add_argument("--without-browser", action="store_true", help="no case that starts")
    parser.add_argument("--into", type=Path, default=ROOT / "build", help="folder of the report")
    options = parser.parse_args(arguments)
    if len(find_missing(os.environ)) == len(REQUIRED):
        _say(_explain())
        return 0
    # However it is told to end, it clears up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run_both(options)
    except (SettingsError, BrokenOffError) as error:
        _say(str(error))
        return 2


def _explain() -> str:
    width = max(map(len, (*REQUIRED, *OPTIONAL)))
    return "\n".join(
        [
            "Set these, and `make live` runs the contract against your Zoom account:",
            *(f"  {name:<{width}}  {meaning}" for name, meaning in REQUIRED.items()),
            "And if you like:",
            *(f"  {name:<{width}}  {meaning}" for name, meaning in OPTIONAL.items()),
            "It makes about a dozen meetings for the host and deletes them. See docs/contract.md.",
        ]
    )


def _run_both(options: argparse.Namespace) -> int:
    target = read_live(os.environ)
    chosen = [*(["-k", options.cases] if options.cases else [])]
    chosen += ["-m", "not browser"] if options.without_browser else []
    report = Report(
        sandbox=_run("sandbox", chosen),
        live=_run("live", [*chosen, *(["--force-enable-socket"] if target.is_zoom else [])]),
        api_host=urlsplit(target.api_url).netloc,
        is_zoom=target.is_zoom,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
    )
    data = json.dumps(report.as_json(), indent=1)
    _write(options.into, {"live.json": data, "live.md": report.as_text()})
    _say(f"{report.summarize()}. Written to live.md and live.json in {options.into}")
    return 1 if report.has_failed else 0


def _run(name: str, chosen: list[str]) -> Record:
    """The suite in a process of its own; of its output only our own lines are passed on."""
    _say(f"-- {name}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        command = [sys.executable, "-m", "pytest", "tests/contract", "-q", "--no-header"]
        # What pytest shows of a failure may be what Zoom answered.
        command += ["--tb=no", "--no-summary", "--assert=plain", *chosen]
        went_on = run_child(
            command,
            _make_environment(name, path),
            seconds=LONGEST[name],
            last_words=LAST_WORDS,
            hear=_pass_on,
        )
        if not went_on or not path.exists():
            raise BrokenOffError(f"The run against the {name} broke off before its end.")
        return Record.load(path)


def _make_environment(name: str, path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if name == "live" or not k.startswith("LIVE_")}
    return {
        **kept,
        "CONTRACT_TARGET": name,
        "CONTRACT_RECORD": str(path),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }


def _pass_on(line: str) -> None:
    if told := _TOLD.search(line):
        _say(f"   {told[1]}")


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Nothing is written that holds a credential, whatever went wrong before."""
    secrets = [
        value
        for name, value in os.environ.items()
        if name in {*REQUIRED, *OPTIONAL} - {*_OPEN} and len(value) > 5
    ]
    if any(secret in text for secret in secrets for text in texts.values()):
        raise BrokenOffError("The report would have held a credential, so it was not written.")
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
