#!/bin/sh
# Archives every closed conversation, in one file for each day on which they began: closed-2026-11-20.ndjson.
# Run it each night. After a failure run it again: it goes on after the last whole line that it has.
set -eu
: "${INSIGHTO_URL:?is not set}" "${INSIGHTO_API_KEY:?is not set}"
days=${DAYS:-31} # some close late, so the files of the last 31 days are made again each night

ago() { date -u -d "-$1 days" +%F 2>/dev/null || date -u -v "-$1d" +%F; }

# The key reaches curl by its standard input, where ps does not show it.
get() {
  printf 'url = "%s%s&api_key=%s"\n' "$INSIGHTO_URL" "$1" "$INSIGHTO_API_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 5
}

conversations() { grep '"cursor":"' "$1" || :; }

archive() {
  part=closed-$1.part
  touch "$part"
  conversations "$part" | sed '$d' >"$part.whole" # the last line may be cut: it is asked for again
  mv "$part.whole" "$part"
  after=$(tail -n 1 "$part" | sed 's/.*"cursor":"\([^"]*\)".*/\1/')
  get "/api/v1/conversation/export?status=closed&include=messages&date_from=$1&date_to=$1${after:+&after=$after}" >>"$part" ||
    { tail -n 1 "$part" | grep '"request_id"' >&2; exit 1; } # what the server says
  conversations "$part" >"$part.whole"
  mv "$part.whole" "closed-$1.ndjson"
  rm "$part"
}

while [ "$days" -ge 0 ]; do
  archive "$(ago "$days")"
  days=$((days - 1))
done
