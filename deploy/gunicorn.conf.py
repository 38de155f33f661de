# One web node: gunicorn -c deploy/gunicorn.conf.py app.wsgi:app
from flask_socketio_cluster.node.gunicorn_conf import *  # noqa: F403

# nginx writes the access log, without query strings.
accesslog = None
errorlog = "-"
loglevel = "warning"
