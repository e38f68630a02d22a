#!/bin/sh
# Makes the secrets that compose.yaml reads, each drawn at random; those that are there stay.
# The folder is closed to others; the files in it are readable, for containers run as other users.
set -eu
cd "$(dirname "$0")/.."
umask 022
mkdir -p secrets
chmod 700 secrets
cd secrets

random() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
write() { [ -s "$1" ] || printf '%s\n' "$2" > "$1"; }

write postgres_password "$(random)"
write db_url "postgres://mitosis:$(cat postgres_password)@postgres/mitosis"
write valkey_password "$(random)"
write valkey_conf "$(printf 'dir /data\nappendonly yes\nmaxmemory-policy noeviction\nrequirepass %s' "$(cat valkey_password)")"
write redis_url "redis://:$(cat valkey_password)@valkey:6379"
write s3_access_key "$(random)"
write s3_secret_key "$(random)"
write s3_config "$(printf '{"identities":[{"name":"mitosis","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","Write","List","Tagging"]}]}' "$(cat s3_access_key)" "$(cat s3_secret_key)")"
write metrics_token "$(random)"
