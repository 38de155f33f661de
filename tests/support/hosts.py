"""What deploy/hosts says for nginx on a host of its own."""

import re

from tests.support.cluster import ROOT


def nginx_example() -> dict[str, str]:
    """The variables of deploy/hosts/nginx.env.example."""
    text = (ROOT / "deploy/hosts/nginx.env.example").read_text()
    return dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', text, re.MULTILINE))
