#!/bin/sh
# Makes the secrets that docker-compose.yml reads, where they are missing.
#
#   deploy/secrets.sh [FOLDER]     deploy/secrets, which is never committed
set -eu

folder=${1:-$(dirname "$0")/secrets}
# Nobody else on this machine enters the folder; inside the containers the files must be readable by users other
# than their owner.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

# 64 hexadecimal digits, which need no quoting in an address.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }

keep jwt_secret "$(random)"
keep bus_keys "$(random)"
# 32 bytes in base64url: a number below the order of P-256, but for one in four thousand million.
keep vapid_private_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')"
keep grafana_password "$(random)"
keep database_root_password "$(random)"
keep database_password "$(random)"
keep database_url "mysql+pymysql://saldo_vivo:$(cat "$folder/database_password")@mariadb:3306/saldo_vivo"
keep redis_password "$(random)"
keep redis_url "redis://saldo-vivo:$(cat "$folder/redis_password")@redis:6379/0"
hash=$(sha256sum "$folder/redis_password" | cut -c1-64)
keep redis_users.acl "$(sed "s/REDIS_PASSWORD_SHA256/$hash/" "$(dirname "$0")/redis/users.acl")
"
echo "secrets are in $folder"
