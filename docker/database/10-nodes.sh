#!/bin/sh
# Run once, when the database's volume is new. The nodes' user owns its database and is no superuser; what only one may do is
# done here.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=password="$(cat "${NODES_PASSWORD_FILE}")" <<'SQL'
CREATE ROLE prosopon LOGIN PASSWORD :'password';
CREATE DATABASE prosopon OWNER prosopon;
-- Optional: what was erased is then on disk in seconds, not minutes.
GRANT pg_checkpoint TO prosopon;
\connect prosopon
CREATE EXTENSION vector;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO prosopon;
SQL
