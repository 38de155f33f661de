"""docs/security.md names tests: whoever reads it must find them."""

import re

from tests.support.cluster import ROOT

TEXT = (ROOT / "docs/security.md").read_text()


def _tests() -> set[str]:
    files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("cluster/tests/*.py")]
    return {
        name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }


def test_every_test_that_the_document_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 50
    assert named - _tests() == set()


def test_every_file_of_tests_that_the_document_names_exists() -> None:
    files = re.findall(r"`((?:cluster/)?tests/[\w/]+\.py)`", TEXT)
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_every_threat_has_its_test() -> None:
    threats = TEXT[TEXT.index("## Threats") : TEXT.index("### What is not defended")]
    rows = [line for line in threats.splitlines() if line.startswith("| ") and "| Test |" not in line]
    without = [row for row in rows if "`test_" not in row.rsplit("|", 2)[1]]
    assert rows
    assert without == []
