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
# Nothing as long as jwt_secret signs; see "Changing the keys of tokens" in docs/operations.md.
keep jwt_keys ""
keep bus_keys "$(random)"
# 32 bytes in base64url: a number below the order of P-256, but for one in four thousand million.
keep vapid_private_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')"
# smtp://user:password@host:587, or empty: no mail is sent, and nobody can recover a password.
keep smtp_url ""
keep grafana_password "$(random)"
keep database_root_password "$(random)"
keep database_password "$(random)"
keep database_app_password "$(random)"
keep database_worker_password "$(random)"
database() { echo "mysql+pymysql://$1:$(cat "$folder/$2")@mariadb:3306/saldo_vivo"; }
# The owner's, for the migrations; that of web nodes; that of workers.
keep database_url "$(database saldo_vivo database_password)"
keep database_app_url "$(database saldo_vivo_app database_app_password)"
keep database_worker_url "$(database saldo_vivo_worker database_worker_password)"

keep redis_password "$(random)"
keep redis_worker_password "$(random)"
keep redis_script_password "$(random)"
keep redis_monitor_password "$(random)"
keep redis_url "redis://saldo-vivo:$(cat "$folder/redis_password")@redis:6379/0"
keep redis_worker_url "redis://saldo-vivo-worker:$(cat "$folder/redis_worker_password")@redis:6379/0"
hash() { sha256sum "$folder/$1" | cut -c1-64; }
# What follows from the passwords is made anew each time.
sed -e "s/REDIS_PASSWORD_SHA256/$(hash redis_password)/" \
    -e "s/REDIS_WORKER_PASSWORD_SHA256/$(hash redis_worker_password)/" \
    -e "s/REDIS_SCRIPT_PASSWORD_SHA256/$(hash redis_script_password)/" \
    -e "s/REDIS_MONITOR_PASSWORD_SHA256/$(hash redis_monitor_password)/" \
    "$(dirname "$0")/redis/users.acl" >"$folder/redis_users.acl"
echo "secrets are in $folder"
