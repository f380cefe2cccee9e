"""Each function starts: its handler imports, its environment is what its settings model asks for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from infra.bundle import PYTHON
from lockstep.messaging.topology import intakes_of
from lockstep.runtime.settings import (
    PREFIX,
    FunctionSettings,
    InboundSettings,
    IntakeSettings,
    PollingSettings,
    PosterSettings,
    RelaySettings,
    SweepSettings,
    WorkflowSettings,
)

if TYPE_CHECKING:
    from infra.plan import Plan
    from tests.infra.conftest import Templates

ENVIRONMENT_LIMIT = 4096


def expected(plan: Plan) -> dict[str, tuple[str, type[FunctionSettings]]]:
    """Handler and settings of every function that a plan asks for, by service."""
    functions: dict[str, tuple[str, type[FunctionSettings]]] = {
        "relay": ("lockstep.operations.relay.handler", RelaySettings),
        "sweep": ("lockstep.operations.sweep.handler", SweepSettings),
    }
    for door in plan.doors:
        package = f"lockstep.connectors.{door.manifest.system}"
        functions[f"inbound.{door.manifest.system}"] = (f"{package}.inbound.handler", InboundSettings)
        functions[door.intake] = (f"{package}.intake.handler", IntakeSettings)
        if door.polling:
            functions[door.polling] = (f"{package}.polling.handler", PollingSettings)
    for spec in plan.workflows:
        folder = plan.folder_of(spec)
        functions[spec.consumer] = (f"lockstep.workflows.{folder}.handler.handler", WorkflowSettings)
    for target in plan.targets:
        functions[target.account] = (
            f"lockstep.connectors.{target.manifest.system}.outbound.handler",
            PosterSettings,
        )
    return functions


def test_there_is_a_function_for_everything_and_nothing_else(templates: Templates, plan: Plan) -> None:
    found = {
        function.variables["POWERTOOLS_SERVICE_NAME"]: function.properties["Handler"]
        for function in templates.of("AWS::Lambda::Function")
    }
    assert found == {service: handler for service, (handler, _) in expected(plan).items()}


def test_every_environment_is_what_its_settings_ask_for(templates: Templates, plan: Plan) -> None:
    for service, (_, model) in expected(plan).items():
        given = templates.function(service).variables
        settings = model.load(given)
        assert settings.environment == plan.environment.name
        ours = {name for name in given if name.startswith(PREFIX)}
        assert ours == set(settings.variables()), f"{service}: a variable nobody reads"
        assert sum(len(name) + len(value) for name, value in given.items()) < ENVIRONMENT_LIMIT, service


def test_every_handler_imports(plan: Plan) -> None:
    missing = []
    for handler, _ in expected(plan).values():
        module, _, name = handler.rpartition(".")
        try:
            if not callable(getattr(import_module(module), name, None)):
                missing.append(handler)
        except ModuleNotFoundError as error:
            missing.append(f"{handler} ({error})")
    assert missing == []


def test_a_poster_knows_its_own_account_only(templates: Templates, plan: Plan) -> None:
    for target in plan.targets:
        settings = PosterSettings.load(templates.function(target.account).variables)
        assert settings.account == target.account
        assert settings.consumer == target.consumer
        assert set(settings.accounts) == set(settings.queues) == {target.account}


def test_a_workflow_can_ring_itself_and_the_targets_of_its_role_only(templates: Templates, plan: Plan) -> None:
    for spec in plan.workflows:
        settings = WorkflowSettings.load(templates.function(spec.consumer).variables)
        assert set(settings.queues) == {spec.consumer, *plan.environment.roles[spec.role]}


def test_the_sweep_can_ring_everybody(templates: Templates, plan: Plan) -> None:
    settings = SweepSettings.load(templates.function("sweep").variables)
    swept = (*settings.consumers, *intakes_of(settings.queues))
    assert set(settings.queues) == {consumer.id for consumer in swept} == set(plan.consumer_ids)
    assert sorted(swept, key=lambda one: one.id) == sorted(plan.consumers, key=lambda one: one.id)


def test_functions_are_of_one_make(templates: Templates) -> None:
    functions = templates.of("AWS::Lambda::Function")
    assert {function.properties["Runtime"] for function in functions} == {f"python{PYTHON}"}
    assert {tuple(function.properties["Architectures"]) for function in functions} == {("arm64",)}
    assert len({function.properties["Code"]["S3Key"] for function in functions}) == 1, "one shared bundle"
    assert len({function.properties["Role"]["Fn::GetAtt"][0] for function in functions}) == len(functions)
    for function in functions:
        assert function.properties["LoggingConfig"]["LogGroup"], function
        assert len(function.properties["FunctionName"]) <= 64


def test_an_inbound_function_answers_before_its_sender_gives_up(templates: Templates, plan: Plan) -> None:
    for door in plan.doors:
        function = templates.function(f"inbound.{door.manifest.system}")
        assert function.properties["Timeout"] <= door.inbound.answer_within.total_seconds()


@pytest.mark.parametrize("what", ["versions", "alias", "event sources", "route", "sweep", "reserved", "mail"])
def test_options_that_are_off_by_default_reach_the_template(everything_on: Templates, what: str) -> None:
    functions = everything_on.of("AWS::Lambda::Function")
    aliases = {alias.id for alias in everything_on.of("AWS::Lambda::Alias")}
    match what:
        case "versions":
            assert all(function.properties["SnapStart"] == {"ApplyOn": "PublishedVersions"} for function in functions)
        case "alias":
            assert len(aliases) == len(functions)
        case "event sources":
            for source in everything_on.of("AWS::Lambda::EventSourceMapping"):
                assert any(alias in str(source.properties["FunctionName"]) for alias in aliases), source
        case "route":
            integrations = everything_on.of("AWS::ApiGatewayV2::Integration")
            assert {integration.properties["IntegrationUri"]["Ref"] for integration in integrations} <= aliases
        case "sweep":
            rules = everything_on.of("AWS::Events::Rule")
            scheduled = [rule for rule in rules if "ScheduleExpression" in rule.properties]
            assert {rule.properties["Targets"][0]["Arn"]["Ref"] for rule in scheduled} <= aliases
        case "reserved":
            assert everything_on.function("sweep").properties["ReservedConcurrentExecutions"] == 1
        case "mail":
            (subscription,) = everything_on.of("AWS::SNS::Subscription")
            assert subscription.properties["Endpoint"] == "it@example.com"
