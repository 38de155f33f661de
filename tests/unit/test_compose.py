"""What docker-compose.yml leaves a service that somebody has taken over."""

from typing import Any

import pytest
import yaml

from tests.support.cluster import ROOT

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OF_THE_OWNER = {"database_url", "database_password", "database_root_password"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_can_change_nothing_of_its_own(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in ("root", "0", "0:0")
    assert service["pids_limit"] > 0
    assert service["mem_limit"]
    assert service["ulimits"]["nofile"] > 0


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "mariadb"}))
def test_only_the_migrations_and_the_database_itself_know_the_owner_s_password(name: str) -> None:
    assert not OF_THE_OWNER & set(SERVICES[name].get("secrets", []))


def test_a_service_knows_the_secrets_that_it_needs_and_no_others() -> None:
    both = {"bus_keys", "vapid_private_key", "smtp_url"}
    of_tokens = {"jwt_secret", "jwt_keys"}
    assert set(SERVICES["web"]["secrets"]) == both | of_tokens | {"database_app_url", "redis_url"}
    assert set(SERVICES["worker"]["secrets"]) == both | {"database_worker_url", "redis_worker_url"}
    assert SERVICES["migrate"]["secrets"] == ["database_url"]


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_each_secret_that_a_service_reads_is_one_that_it_is_given(name: str) -> None:
    read = [value for key, value in SERVICES[name]["environment"].items() if key.endswith("_FILE")]
    assert sorted(read) == sorted(f"/run/secrets/{secret}" for secret in SERVICES[name]["secrets"])
