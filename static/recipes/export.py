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
DAYS = int(os.environ.get("DAYS", "365"))  # how far the first run goes back


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


def kept(name, make):
    """Gives the text of a file, which is made first where there is none."""
    if not os.path.exists(name):
        text = make()
        with open(name + ".part", "w") as file:
            file.write(text)
        os.replace(name + ".part", name)
    with open(name) as file:
        return file.read().strip()


def oldest_open():
    """Gives the day of the oldest conversation that is open, or today: what is older cannot change any more."""
    with get("/api/v1/conversation/export", status="open", date_from="1970-01-01", date_to=today) as answer:
        line = answer.readline()
    return json.loads(line)["created_at"][:10] if line else str(today)


today = datetime.datetime.now(datetime.timezone.utc).date()
kept("since.next", oldest_open)  # some close late: the next run begins there
day = datetime.date.fromisoformat(kept("since", lambda: str(today - datetime.timedelta(days=DAYS))))
while day <= today:
    archive(day)
    day += datetime.timedelta(days=1)
os.replace("since.next", "since")
