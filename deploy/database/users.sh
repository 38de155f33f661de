#!/bin/sh
# In the MariaDB container: makes the users of users.sql. Run by the image when the database is made; where there is one
# already, by hand, and then the migrations once more:
#
#   docker compose exec mariadb /docker-entrypoint-initdb.d/users.sh && docker compose run --rm migrate
set -eu

secret() { cat "/run/secrets/$1"; }
MYSQL_PWD=$(secret database_root_password)
export MYSQL_PWD
sed -e "s/OWNER_PASSWORD/$(secret database_password)/" \
    -e "s/APP_PASSWORD/$(secret database_app_password)/" \
    -e "s/WORKER_PASSWORD/$(secret database_worker_password)/" \
    /etc/saldo-vivo/users.sql | mariadb --user=root
