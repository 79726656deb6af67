#!/bin/sh
# Writes counts.csv: the conversations and messages of each assistant on each day of the last year.
# The file is replaced as a whole or not at all: after a failure just run it again.
set -eu
: "${INSIGHTO_URL:?is not set}" "${INSIGHTO_API_KEY:?is not set}"

ago() { date -u -d "-$1 days" +%F 2>/dev/null || date -u -v "-$1d" +%F; }

# The key reaches curl by its standard input, where ps does not show it.
printf 'url = "%s%s&api_key=%s"\n' "$INSIGHTO_URL" \
  "/api/v1/conversation/counts?group_by=assistant&interval=day&timezone=${ZONE:-UTC}&date_from=$(ago "${DAYS:-365}")&date_to=$(ago 0)" "$INSIGHTO_API_KEY" |
  curl --config - --silent --show-error --fail-with-body --retry 5 --output counts.json.part ||
  { grep '"request_id"' counts.json.part >&2; exit 1; } # what the server says

python3 -c '
import csv, json, sys
table = csv.DictWriter(sys.stdout, ["date", "assistant_id", "assistant_name", "conversations", "closed", "messages"], extrasaction="ignore")
table.writeheader()
for row in json.load(sys.stdin)["data"]["items"]:
    if row.get("assistant_name", "").startswith(("=", "+", "-", "@")):
        row["assistant_name"] = "\u0027" + row["assistant_name"]  # no formula for a spreadsheet
    table.writerow(row)
' <counts.json.part >counts.csv.part
mv counts.csv.part counts.csv
rm counts.json.part
