#!/bin/sh
# Keeps contacts in step; run it every ten minutes. It takes what is new or changed into contacts.ndjson, one line for
# each contact, and pushes every line of outbox.ndjson, e.g. {"email":"zoe@example.com","first_name":"Zoe"}.
# After a failure run it again: whatever is done twice comes to the same.
set -eu
: "${INSIGHTO_URL:?is not set}" "${INSIGHTO_API_KEY:?is not set}"
touch contacts.ndjson outbox.ndjson

# The key reaches curl by its standard input, where ps does not show it.
call() {
  path=$1; shift
  printf 'url = "%s%sapi_key=%s"\n' "$INSIGHTO_URL" "$path" "$INSIGHTO_API_KEY" |
    curl --config - --silent --show-error --fail-with-body --retry 5 --output answer.json "$@" ||
    { grep '"request_id"' answer.json >&2; exit 1; } # what the server says
}

# Take: page by page, all that was changed since the last time began.
since=$(cat since 2>/dev/null || echo 1970-01-01)
after='' began=''
: >fresh.ndjson
while [ -z "$began" ] || [ -n "$after" ]; do
  call "/api/v1/contact?size=100&updated_since=$since&${after:+after=$after&}" --dump-header head.txt
  began=${began:-$(sed -n 's/^[Dd]ate: //p' head.txt)}
  after=$(python3 -c '
import json
answer = json.load(open("answer.json"))
with open("fresh.ndjson", "a") as fresh:
    fresh.writelines(json.dumps(contact) + "\n" for contact in answer["data"]["items"])
print(answer["meta"].get("next_cursor", ""))')
done
python3 -c '
import datetime, email.utils, json, sys
contacts = {}
for name in "contacts.ndjson", "fresh.ndjson":  # the later line of a contact wins
    for line in open(name):
        contacts[json.loads(line)["id"]] = line
with open("contacts.part", "w") as file:
    file.writelines(contacts.values())
began = email.utils.parsedate_to_datetime(sys.argv[1]) - datetime.timedelta(minutes=1)  # what was being written then
with open("since.part", "w") as file:
    file.write(began.strftime("%Y-%m-%dT%H:%M:%SZ"))' "$began"
mv contacts.part contacts.ndjson
mv since.part since

# Push: a line that was pushed when the power failed is pushed again, and upsert finds it.
sent=$(cat sent 2>/dev/null || echo 0)
tail -n "+$((sent + 1))" outbox.ndjson | while IFS= read -r line; do
  printf %s "$line" >body.json
  call '/api/v1/contact/upsert?' --header 'Content-Type: application/json' --data-binary @body.json
  sent=$((sent + 1))
  echo "$sent" >sent.part
  mv sent.part sent
done
