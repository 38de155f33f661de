"""What gunicorn serves: `app.wsgi:app`. Monkey patching comes before every other import."""

from gevent import monkey

if not monkey.is_module_patched("socket"):  # gunicorn's gevent worker has done so; twice takes twice as long
    monkey.patch_all()

import sys

from flask_socketio_cluster.node import EXTENSION

from app.factory import create_app
from app.settings import Settings, SettingsError

try:
    app = create_app(Settings.from_env())
except SettingsError as error:
    sys.exit(str(error))

app.extensions[EXTENSION].start()
