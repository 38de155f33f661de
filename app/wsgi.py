"""What gunicorn serves: `app.wsgi:app`. Monkey patching comes before every other import."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from flask_socketio_cluster.node import EXTENSION  # noqa: E402

from app.factory import create_app  # noqa: E402
from app.settings import Settings, SettingsError  # noqa: E402

try:
    settings = Settings.from_env()
except SettingsError as error:
    sys.exit(str(error))

app = create_app(settings)
app.extensions[EXTENSION].start()
