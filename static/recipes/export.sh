#!/bin/sh
# Archives every closed conversation, in one file for each day on which they began: closed-2026-11-20.ndjson.
# Run it each night. After a failure run it again: it goes on after the last whole line that it has.
set -eu
: "${INSIGHTO_URL:?is not set}" "${INSIGHTO_API_KEY:?is not set}"

ago() { date -u -d "-$1 days" +%F 2>/dev/null || date -u -v "-$1d" +%F; }

# The key reaches curl by its standard input, where ps does not show it.
get() {
  printf 'url = "%s%s&api_key=%s"\n' "$INSIGHTO_URL" "$1" "$INSIGHTO_API_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 5
}

failed() { tail -n 1 "$1" | grep '"request_id"' >&2; exit 1; } # what the server says

conversations() { grep '"cursor":"' "$1" || :; }

archive() {
  part=closed-$1.part
  touch "$part"
  conversations "$part" | sed '$d' >"$part.whole" # the last line may be cut: it is asked for again
  mv "$part.whole" "$part"
  after=$(tail -n 1 "$part" | sed 's/.*"cursor":"\([^"]*\)".*/\1/')
  get "/api/v1/conversation/export?status=closed&include=messages&date_from=$1&date_to=$1${after:+&after=$after}" >>"$part" || failed "$part"
  conversations "$part" >"$part.whole"
  mv "$part.whole" "closed-$1.ndjson"
  rm "$part"
}

# Some close late. The next run begins with the day of the oldest that is open now: what is older cannot change.
if [ ! -s since.next ]; then
  get "/api/v1/conversation/export?status=open&date_from=1970-01-01&date_to=$(ago 0)" >open.part || failed open.part
  sed -n '/^{"id":/{s/^{"id":"[^"]*","created_at":"\([-0-9]*\).*/\1/p;q;}' open.part >since.part
  [ -s since.part ] || ago 0 >since.part
  mv since.part since.next
  rm open.part
fi

since=$(cat since 2>/dev/null || ago "${DAYS:-365}") # how far the first run goes back
days=0
until [ "$(ago "$days")" = "$since" ] || [ "$days" -eq 9999 ]; do
  days=$((days + 1))
done
while [ "$days" -ge 0 ]; do
  archive "$(ago "$days")"
  days=$((days - 1))
done
mv since.next since
