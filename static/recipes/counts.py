#!/usr/bin/env python3
"""Writes counts.csv: the conversations and messages of each assistant on each day of the last year.

The file is replaced as a whole or not at all: after a failure just run it again.
"""
import csv
import datetime
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

URL, KEY = os.environ["INSIGHTO_URL"], os.environ["INSIGHTO_API_KEY"]
DAYS = int(os.environ.get("DAYS", "365"))


def get(path, **query):
    """Reads an address. When the server is busy, waits as long as it says."""
    address = f"{URL}{path}?{urllib.parse.urlencode({**query, 'api_key': KEY})}"
    for attempt in range(6):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 500, 502, 503, 504) or attempt == 5:
                raise SystemExit(f"{refused.code} {refused.read().decode()}") from None
            time.sleep(int(refused.headers.get("Retry-After", 2**attempt)))


today = datetime.datetime.now(datetime.timezone.utc).date()
counts = get(
    "/api/v1/conversation/counts", group_by="assistant", interval="day", timezone=os.environ.get("ZONE", "UTC"),
    date_from=today - datetime.timedelta(days=DAYS), date_to=today,
)
columns = ["date", "assistant_id", "assistant_name", "conversations", "closed", "messages"]
with open("counts.csv.part", "w", newline="") as file:
    table = csv.DictWriter(file, columns, extrasaction="ignore")
    table.writeheader()
    for row in counts["data"]["items"]:
        if row.get("assistant_name", "").startswith(("=", "+", "-", "@")):
            row["assistant_name"] = "'" + row["assistant_name"]  # no formula for a spreadsheet
        table.writerow(row)
os.replace("counts.csv.part", "counts.csv")
