#!/usr/bin/env python3
"""Keeps contacts in step; run it every ten minutes.

It takes what is new or changed into contacts.ndjson, one line for each contact, and pushes every line of
outbox.ndjson, e.g. {"email":"zoe@example.com","first_name":"Zoe"}. After a failure run it again: whatever is done
twice comes to the same.
"""
import datetime
import email.utils
import json
import os
import pathlib
import time
import urllib.error
import urllib.parse
import urllib.request

URL, KEY = os.environ["INSIGHTO_URL"], os.environ["INSIGHTO_API_KEY"]


def call(path, body=None, **query):
    """Gives an answer and its headers. When the server is busy, waits as long as it says."""
    address = f"{URL}{path}?{urllib.parse.urlencode({**query, 'api_key': KEY})}"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"} if body else {})
    for attempt in range(6):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer), answer.headers
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 500, 502, 503, 504) or attempt == 5:
                raise SystemExit(f"{refused.code} {refused.read().decode()}") from None
            time.sleep(int(refused.headers.get("Retry-After", 2**attempt)))


def read(name, otherwise=""):
    return pathlib.Path(name).read_text(encoding="utf-8") if os.path.exists(name) else otherwise


def keep(name, text):
    """Replaces a file: after a crash there is the old one or the new one."""
    pathlib.Path(name + ".part").write_text(text, encoding="utf-8")
    os.replace(name + ".part", name)


def take():
    """Page by page, all that was changed since the last time began."""
    contacts = {json.loads(line)["id"]: line for line in read("contacts.ndjson").splitlines()}
    query, began = {"size": 100, "updated_since": read("since", "1970-01-01")}, None
    while began is None or "after" in query:
        answer, headers = call("/api/v1/contact", **query)
        began = began or email.utils.parsedate_to_datetime(headers["Date"])
        contacts.update((contact["id"], json.dumps(contact)) for contact in answer["data"]["items"])
        query.pop("after", None)
        if "next_cursor" in answer["meta"]:
            query["after"] = answer["meta"]["next_cursor"]
    keep("contacts.ndjson", "".join(line + "\n" for line in contacts.values()))
    began -= datetime.timedelta(minutes=1)  # what was being written then
    keep("since", began.strftime("%Y-%m-%dT%H:%M:%SZ"))


def push():
    """A line that was pushed when the power failed is pushed again, and upsert finds it."""
    sent = int(read("sent", "0"))
    for number, line in enumerate(read("outbox.ndjson").split("\n")[:-1], start=1):
        if number > sent:
            call("/api/v1/contact/upsert", line.encode())
            keep("sent", str(number))


take()
push()
