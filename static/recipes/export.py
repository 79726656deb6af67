#!/usr/bin/env python3
"""Archives every closed conversation, in one file for each day on which they began: closed-2026-11-20.ndjson.

Run it each night. After a failure run it again: it goes on after the last whole line that it has.
"""
import datetime
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

URL, KEY = os.environ["INSIGHTO_URL"], os.environ["INSIGHTO_API_KEY"]
DAYS = int(os.environ.get("DAYS", "31"))  # some close late, so the last 31 days are made again each night


def get(path, **query):
    """Opens an address. When the server is busy, waits as long as it says."""
    address = f"{URL}{path}?{urllib.parse.urlencode({**query, 'api_key': KEY})}"
    for attempt in range(6):
        try:
            return urllib.request.urlopen(address, timeout=60)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 500, 502, 503, 504) or attempt == 5:
                raise SystemExit(f"{refused.code} {refused.read().decode()}") from None
            time.sleep(int(refused.headers.get("Retry-After", 2**attempt)))


def archive(day):
    part = f"closed-{day}.part"
    query = {"status": "closed", "include": "messages", "date_from": day, "date_to": day}
    with open(part, "ab+") as file:
        file.seek(0)
        whole = 0
        for line in file:
            if line.endswith(b"\n"):  # the last line may be cut: it is asked for again
                whole += len(line)
                query["after"] = json.loads(line)["cursor"]
        file.truncate(whole)
        with get("/api/v1/conversation/export", **query) as answer:
            while piece := answer.read1(65536):  # it fails when the transfer breaks off
                file.write(piece)
    os.replace(part, f"closed-{day}.ndjson")


today = datetime.datetime.now(datetime.timezone.utc).date()
for ago in range(DAYS, -1, -1):
    archive(today - datetime.timedelta(days=ago))
