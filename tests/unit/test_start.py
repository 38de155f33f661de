"""What is done once, when a node starts, and not while somebody waits for an answer."""

import subprocess
import sys

import pytest
from flask import Flask

from app.web import openapi


def test_the_library_that_writes_receipts_is_loaded_with_the_node() -> None:
    code = "import sys, app.factory; print('fpdf' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "True"


def test_the_api_s_document_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("app")
    app.register_blueprint(openapi.blueprint(app))
    monkeypatch.setattr(openapi, "document", None)

    answers = [app.test_client().get("/api/openapi.json") for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert answers[0].json is not None
    assert answers[0].json["openapi"].startswith("3.1.")
