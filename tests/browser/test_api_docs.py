"""The documentation of the API, self-hosted."""

from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.support.cluster import Cluster


def test_the_documentation_opens_without_help_from_outside(cluster: Cluster, open_page: Opening) -> None:
    screen = open_page(f"{cluster.url}/api/docs#/")
    operations = screen.page.locator(".opblock")
    expect(operations.first).to_be_visible()
    expect(operations.filter(has_text="/transferencia")).to_have_count(1)
    expect(screen.page.locator(".errors-wrapper")).to_have_count(0)
    hosts = screen.page.evaluate(
        "() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)"
    )
    assert set(hosts) == {cluster.url}
