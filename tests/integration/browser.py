"""Pages in a real browser: Debian's Chromium, without a window. What it shows is asked with a script that is put in."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from urllib.parse import unquote

import pytest

CHROMIUM = shutil.which("chromium")
TIMEOUT_S = 120
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def opened(address, *options):
    """The DOM of a page once it is loaded, and what the console said; skips where there is no Chromium."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; nobody looks at the pages")
        pytest.skip("chromium is not installed; it shows the pages")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--window-size=1200,800",
            *options,
            "--dump-dom",
            address,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def asked(folder, page, question, fragment=""):
    """What a JavaScript expression gives in the page; the page's own policy would let no script run."""
    allowed, count = _POLICY.subn("", page)
    assert count == 1
    script = (
        "<script>addEventListener('load', () => { const said = JSON.stringify("
        f"{question}); const place = document.createElement('pre'); place.id = 'said';"
        " place.textContent = encodeURIComponent(said); document.head.append(place); })</script>"
    )
    path = folder / "asked.html"
    path.write_text(allowed.replace("</head>", script + "</head>"), encoding="utf-8")
    dom, console = opened(f"{path.as_uri()}{fragment}")
    assert console == []
    said = re.search(r'<pre id="said">([^<]*)</pre>', dom)
    assert said is not None
    return json.loads(unquote(said[1]))
