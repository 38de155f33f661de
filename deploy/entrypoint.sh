#!/bin/sh
# What a container of the image is: web, worker, migrate, or any command with the same settings:
#
#   docker compose run --rm worker python -m worker notify --usuario 7 --mensagem "..."
set -eu

# A secret may be in a file, whose name is in NAME_FILE.
for name in DATABASE_URL REDIS_URL JWT_SECRET JWT_KEYS BUS_KEYS VAPID_PRIVATE_KEY SMTP_URL; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        value=$(cat "$file")
        export "$name=$value"
    fi
done

# A container's host name is the start of its id, by which nginx finds it.
export NODE_ID="${NODE_ID:-$(hostname)}"

case "${1:-web}" in
    web)
        exec python -m deploy.wait_for schema gunicorn -c deploy/gunicorn.conf.py --bind 0.0.0.0:8000 app.wsgi:app
        ;;
    worker)
        exec python -m deploy.wait_for schema python -m worker run --alive /tmp/alive
        ;;
    migrate)
        exec python -m deploy.wait_for database python -m worker migrate
        ;;
    *)
        exec "$@"
        ;;
esac
