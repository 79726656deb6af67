# Is what came from here? Usage: sh verify.sh ID TIMESTAMP SIGNATURE < body; the three are the webhook-… headers.
# WHSEC is the signing secret, whsec_…; it never stands on a command line.
set -eu
now=$(date +%s)
[ "$2" -gt $((now - 300)) ] && [ "$2" -lt $((now + 300)) ] || { echo "too old or too new" >&2; exit 1; }
want=$({ printf '%s.%s.' "$1" "$2"; cat; } | WHSEC="$WHSEC" perl -MDigest::SHA=hmac_sha256_base64 -MMIME::Base64 -e '
  local $/; my $mac = hmac_sha256_base64(scalar <STDIN>, decode_base64($ENV{WHSEC} =~ s/^whsec_//r));
  print $mac, "=" x (-length($mac) % 4)')
for got in $3; do [ "$got" = "v1,$want" ] && { echo genuine; exit 0; }; done
echo "not from there" >&2; exit 1
