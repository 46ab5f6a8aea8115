#!/usr/bin/env bash
# The journey with perfagg and curl: perfagg verifies the enclave and seals the key to it; curl reads.
#   SERVICE_URL=… PERFAGG_API_KEY=… PERFAGG_API_SECRET=… ./journey.sh
# Against the demo, DEVELOPMENT_ROOT names its root: development evidence proves nothing about hardware.
#
# Registered with --bearer, so plain reads by session id are allowed: whoever ends TLS on the way sees them. The id goes
# to curl over its standard input, since arguments are seen by everyone on this machine.
set -euo pipefail
url="${SERVICE_URL:-http://localhost:3000}"
trust=(${DEVELOPMENT_ROOT:+--dangerous-development-root "$DEVELOPMENT_ROOT"})

opened="$(perfagg --json "${trust[@]}" register --user-id trader-john --exchange binance --service-url "$url" --bearer --replace --wait)"
# A member of a JSON object, by its name: enough for what is printed here; jq does it right.
member() { grep -o "\"$1\":\"\{0,1\}[^\"]*" <<<"$2" | sed -n '1{s/^[^:]*:"\{0,1\}//;s/[,}{]*$//;p;}'; }
session="$(member session_id "$opened")"
printf '%s: key is %s, session until %s\n' "$(member venue "$opened")" "$(member verdict "$opened")" "$(member expires_at "$opened")"

read_with() { curl --silent --show-error --fail-with-body --header @- "$@" <<<"Authorization: Bearer $session"; }
summary="$(read_with "$url/enclave/summary")"
printf 'equity %s %s, %s fills\n' "$(member equity "$summary")" "$(member quote_currency "$summary")" "$(member fills "$summary")"
metrics="$(read_with "$url/enclave/metrics")"
printf 'environment %s, %s months\n' "$(member environment "$summary")" "$(grep -o '"month":' <<<"$metrics" | wc -l | tr -d ' ')"

receipt="$(read_with --request DELETE "$url/enclave/sessions")"
member note "$receipt"
