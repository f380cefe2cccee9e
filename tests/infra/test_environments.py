"""An environment that cannot run as configured is refused before synthesis, with everything that is wrong named."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import application, environments, registry
from infra.environments import Environment, EnvironmentInvalid
from infra.environments.model import Account
from infra.plan import Plan, make_plan
from lockstep.messaging.maintenance import MaintenanceWindow, Weekday
from lockstep.messaging.specs import Delivery, Role

Check = Callable[[Environment], Plan]


def window(**values: Any) -> MaintenanceWindow:
    """Sundays from 02:00 to 04:00 in Berlin."""
    usual = {"weekdays": (Weekday.SUNDAY,), "start": time(2), "lasts": timedelta(hours=2), "time_zone": "Europe/Berlin"}
    return MaintenanceWindow(**{**usual, **values})


@pytest.mark.parametrize("name", environments.names())
def test_every_environment_can_run(name: str) -> None:
    plan = make_plan(environments.load(name), registry.connectors(), registry.workflows())
    assert plan.doors
    assert plan.workflows
    assert plan.targets


def test_an_unknown_environment_is_answered_with_those_there_are() -> None:
    with pytest.raises(EnvironmentInvalid, match=r"'tset'.*dev, local, prod, staging"):
        environments.load("tset")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Prod!"}, "its name must be"),
        ({"aws_account": "123"}, "not 12 digits"),
        ({"log_retention_days": 31}, "log_retention_days 31"),
        ({"claims_days": 3}, "claims_days must be at least"),
        ({"max_receives": 0}, "max_receives must be at least 1"),
        ({"workflow_concurrency": 1}, "workflow_concurrency must be at least 2"),
        ({"workflows_off": frozenset({"fraud"})}, "workflows_off names 'fraud'"),
        ({"name": "prod", "protected": False}, "prod must be protected"),
        ({"name": "prod", "log_retention_days": 7}, "prod must keep logs for 90 days"),
        ({"name": "prod", "alarm_email": None}, "prod must name an alarm_email"),
        ({"protected": True, "loopback_hosts": True}, "loopback hosts are for"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    environment: Environment, check_against_all: Check, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(EnvironmentInvalid, match=says):
        check_against_all(replace(environment, **change))


@pytest.mark.parametrize(
    ("account", "settings", "says"),
    [
        ("Poslog", Account(), "'Poslog' is not `<connector>.<name>`"),
        ("nobody.main", Account(), "there is no connector 'nobody' .*poslog, .*shopify, .*tryton"),
        ("tryton.second", Account(), "'tryton.second' is bound to no role"),
        ("poslog.main", Account(allowed_hosts=("https://x.example",)), "is not a host name"),
        ("poslog.main", Account(allowed_hosts=("127.0.0.1",)), "loopback_hosts is off"),
        ("poslog.main", Account(allowed_hosts=("localhost",)), "loopback_hosts is off"),
        ("poslog.main", Account(currency="EURO"), "'EURO' is no currency"),
        ("poslog.main", Account(time_zone="Mars/Base"), "'Mars/Base' is no time zone"),
        ("poslog.main", Account(time_zone="../etc"), "is no time zone"),
        ("poslog.main", Account(maintenance=(window(),)), "has maintenance windows and is bound to no role"),
        ("shopify.main", Account(maintenance=(window(weekdays=()),)), "on no weekday"),
        ("shopify.main", Account(maintenance=(window(lasts=timedelta(days=3)),)), "of 3 days.*pause it for longer"),
        ("shopify.main", Account(maintenance=(window(lasts=timedelta(0)),)), "a maintenance window of 0:00:00"),
        ("shopify.main", Account(maintenance=(window(time_zone="Mars/Base"),)), "'Mars/Base' is no time zone"),
        ("shopify.main", Account(maintenance=(window(start=time(2, tzinfo=UTC)),)), "starts at a local time"),
        ("tryton.main", Account(), "neither its connector nor allowed_hosts says which host it may call"),
        ("woocommerce.main", Account(), "neither its connector nor allowed_hosts says which host it may read at"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    environment: Environment, check_against_all: Check, account: str, settings: Account, says: str
) -> None:
    with pytest.raises(EnvironmentInvalid, match=says):
        check_against_all(replace(environment, accounts={**environment.accounts, account: settings}))


def test_maintenance_reaches_the_poster_and_the_sweep(environment: Environment) -> None:
    planned = replace(environment.accounts["shopify.main"], maintenance=(window(),))
    accounts = {**environment.accounts, "shopify.main": planned}
    plan = make_plan(replace(environment, accounts=accounts), registry.connectors(), registry.workflows())

    assert {consumer.id for consumer in plan.consumers if consumer.maintenance} == {"shopify.main"}
    assert next(target for target in plan.targets if target.account == "shopify.main").consumer.maintenance == (
        window(),
    )


def test_each_kind_of_case_has_one_owner(environment: Environment) -> None:
    plan = make_plan(environment, registry.connectors(), registry.workflows())
    assert plan.case_owners.keys() == {kind for spec in plan.workflows for kind in spec.exceptions}
    assert plan.case_owners["sequence_gap"] == registry.workflows()["financial_posting"].owner


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({Role.ERP: ("tryton.main",)}, "'inventory_availability' serves role 'shop', to which no account is bound"),
        ({Role.SHOP: ("shopify.other",)}, "'shopify.other', which is not among its accounts"),
        ({Role.SHOP: ("tryton.main",)}, "'tryton.main', whose connector plays 'erp'"),
        ({Role.ERP: ("poslog.main",)}, "'poslog.main', whose connector delivers nothing"),
    ],
)
def test_a_binding_that_cannot_work_is_refused(
    environment: Environment, check_against_all: Check, roles: dict[Role, tuple[str, ...]], says: str
) -> None:
    with pytest.raises(EnvironmentInvalid, match=says):
        check_against_all(replace(environment, roles=roles))


def test_documents_are_not_sent_to_a_target_that_takes_state(environment: Environment) -> None:
    workflows = dict(registry.workflows())
    workflows["inventory_availability"] = replace(workflows["inventory_availability"], delivery=Delivery.DOCUMENTS)
    with pytest.raises(EnvironmentInvalid, match=r"delivers documents, and 'shopify\.main' takes state"):
        make_plan(environment, registry.connectors(), workflows)


def test_two_workflows_cannot_share_a_cursor(environment: Environment) -> None:
    workflows = dict(registry.workflows())
    workflows["copy"] = workflows["financial_posting"]
    with pytest.raises(EnvironmentInvalid, match="are both consumer 'financial_posting'"):
        make_plan(environment, registry.connectors(), workflows)


def test_everything_wrong_is_named_at_once(environment: Environment, check_against_all: Check) -> None:
    with pytest.raises(EnvironmentInvalid) as caught:
        check_against_all(replace(environment, aws_account="1", roles={}))
    assert len(caught.value.problems) > 2


def test_a_workflow_that_is_off_needs_no_target(environment: Environment, check_against_all: Check) -> None:
    plan = check_against_all(
        replace(
            environment,
            workflows_off=frozenset({"financial_posting"}),
            accounts={name: account for name, account in environment.accounts.items() if name != "tryton.main"},
            roles={Role.SHOP: ("shopify.main",)},
        )
    )
    assert plan.consumer_ids == ("intake.poslog", "intake.shopify", "inventory_availability", "shopify.main")


def test_a_second_shop_is_configuration_only(environment: Environment, check_against_all: Check) -> None:
    plan = check_against_all(
        replace(
            environment,
            accounts={**environment.accounts, "shopify.outlet": Account()},
            roles={**environment.roles, Role.SHOP: ("shopify.main", "shopify.outlet")},
        )
    )
    shops = [target for target in plan.targets if target.manifest.system == "shopify"]
    assert [target.account for target in shops] == ["shopify.main", "shopify.outlet"]
    assert {target.service_level for target in shops} == {timedelta(seconds=30)}


def test_a_function_that_lambda_would_refuse_is_noticed_at_synthesis(
    environment: Environment, empty_bundle: Path
) -> None:
    shops = tuple(f"shopify.shop-{number}" for number in range(40))
    accounts = {**environment.accounts, **{shop: Account() for shop in shops}}
    many = replace(environment, accounts=accounts, roles={**environment.roles, Role.SHOP: ("shopify.main", *shops)})
    with pytest.raises(ValueError, match=r"its environment would take about \d+ bytes"):
        application.build(application.plan_for(many), empty_bundle)


def test_an_accounts_functions_are_told_all_that_concerns_them() -> None:
    account = Account(
        allowed_hosts=("erp.example.com",),
        currency="EUR",
        time_zone="Europe/Berlin",
        notification_url="https://hooks.example.com/shop",
        event_source="aws.partner/shop.example/1",
        takes_tests=True,
    )
    told = account.told("lockstep/dev/shop.main").model_dump()
    assert told == {"secret": "lockstep/dev/shop.main"} | {
        name: getattr(account, name) for name in told if name != "secret"
    }
    assert told.keys() - {"secret"} == {field.name for field in fields(Account)} - {"maintenance"}


def test_only_where_books_are_not_real_what_is_marked_as_a_test_is_taken() -> None:
    taking = {name: environments.load(name).accounts["shopify.main"].takes_tests for name in ("dev", "staging", "prod")}
    assert taking == {"dev": True, "staging": True, "prod": False}
