#!/bin/sh
# In a container of the official nginx image: renders the templates beside this file and becomes nginx.
#
# The image's own entrypoint renders only what is inside `http`, and knows the name servers only in newer versions.
set -eu

here=$(dirname "$0")
mkdir -p "$NGINX_DIRECTORY"

# The first name server is the container network's own. nginx would ask all of them in turn, and the others do not know
# the names of containers.
NGINX_LOCAL_RESOLVERS=$(awk '$1 == "nameserver" { print ($2 ~ ":") ? "[" $2 "]" : $2; exit }' /etc/resolv.conf)
export NGINX_LOCAL_RESOLVERS

# Only these names are replaced: nginx has variables of its own.
names=$(env | sed -n 's/^\(NGINX_[A-Z_]*\)=.*/${\1}/p')
for file in nginx.conf saldo-vivo.conf; do
    envsubst "$names" <"$here/$file.template" >"$NGINX_DIRECTORY/$file"
done

exec nginx -e stderr -c "$NGINX_DIRECTORY/nginx.conf"
