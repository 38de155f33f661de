#!/bin/sh
# Renders the templates beside this file and becomes nginx: in a container of the official image, or on a host of its own.
# With `-t` it only looks whether nginx takes them.
#
#   NGINX_NODES    web nodes on other hosts, `NODE_ID=address:port` each: says the same as NGINX_UPSTREAMS, NGINX_WEB,
#                  NGINX_HANDSHAKES, NGINX_NODE_PATTERN and NGINX_NODE_PORT of the templates, and in their place
#
# The image's own entrypoint renders only what is inside `http`, and knows the name servers only in newer versions.
set -eu

here=$(dirname "$0")
mkdir -p "$NGINX_DIRECTORY"

# The first name server is the container network's own. nginx would ask all of them in turn, and the others do not know
# the names of containers.
NGINX_LOCAL_RESOLVERS=$(awk '$1 == "nameserver" { print ($2 ~ ":") ? "[" $2 "]" : $2; exit }' /etc/resolv.conf)
export NGINX_LOCAL_RESOLVERS

# The group $1, with $2 as its way to choose, of the addresses that follow. The zone makes nginx's processes share what
# they count; no node is ever marked as dead, for an answer that is slow would count too (deploy/local/nginx.py).
group() {
    printf 'upstream %s {\n    zone %s 64k;\n%s' "$1" "$1" "$2"
    shift 2
    printf '    server %s max_fails=0;\n' "$@"
    printf '    keepalive 64;\n}\n'
}

if [ -n "${NGINX_NODES:-}" ]; then
    # shellcheck disable=SC2086
    addresses=$(printf '%s\n' $NGINX_NODES | sed 's/^[^=]*=//')
    NGINX_NODE_PATTERN=$(printf '%s\n' $NGINX_NODES | sed 's/=.*//' | paste -sd '|' -)
    # shellcheck disable=SC2086
    NGINX_UPSTREAMS=$(
        group web "" $addresses
        # A new session goes to the node that has the fewest.
        group handshakes "    least_conn;
" $addresses
        for node in $NGINX_NODES; do
            group "${node%%=*}" "" "${node#*=}"
        done
    )
    export NGINX_UPSTREAMS NGINX_NODE_PATTERN NGINX_WEB=web NGINX_HANDSHAKES=handshakes NGINX_NODE_PORT=""
fi

# Only these names are replaced: nginx has variables of its own.
names=$(env | sed -n 's/^\(NGINX_[A-Z_]*\)=.*/${\1}/p')
for file in nginx.conf saldo-vivo.conf; do
    envsubst "$names" <"$here/$file.template" >"$NGINX_DIRECTORY/$file"
done

exec nginx -e stderr -c "$NGINX_DIRECTORY/nginx.conf" "$@"
