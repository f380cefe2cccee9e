import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra import application, environments, registry
from infra.checks import system_of
from infra.environments import Environment
from infra.plan import Plan, make_plan

ENVIRONMENTS = ("local", "prod")


@dataclass(frozen=True)
class Resource:
    stack: str
    id: str
    type: str
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        return self.body.get("Properties", {})

    @property
    def variables(self) -> dict[str, str]:
        """A function's environment."""
        given = self.properties["Environment"]["Variables"]
        return {name: _render(value) for name, value in given.items()}

    def __repr__(self) -> str:
        return f"{self.stack}/{self.id}"


@dataclass(frozen=True)
class Templates:
    """The templates of one environment."""

    environment: str
    directory: Path

    @property
    def stacks(self) -> dict[str, dict[str, Any]]:
        return {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(self.directory.glob("*.template.json"))
        }

    def __iter__(self) -> Iterator[Resource]:
        for stack, template in self.stacks.items():
            for logical_id, body in template["Resources"].items():
                yield Resource(stack, logical_id, body["Type"], body)

    def of(self, kind: str) -> list[Resource]:
        found = [resource for resource in self if resource.type == kind]
        assert found, f"there is no {kind}"
        return found

    def function(self, service: str) -> Resource:
        (found,) = (
            resource
            for resource in self.of("AWS::Lambda::Function")
            if resource.variables["POWERTOOLS_SERVICE_NAME"] == service
        )
        return found

    def render(self, value: Any) -> str:
        return _render(value)

    def listed(self, value: Any) -> list[Any]:
        return _listed(value)

    def policies_of(self, service: str) -> list[dict[str, Any]]:
        """Statements of a function's role."""
        role = self.function(service).properties["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.of("AWS::IAM::Policy")
            if {"Ref": role} in policy.properties["Roles"]
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ]


def _render(value: Any) -> str:
    """A value as text, with a placeholder for what only a deployment knows."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return separator.join(map(_render, parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return f"<{name}>"
    raise AssertionError(f"unknown intrinsic {value}")


def _listed(value: Any) -> list[Any]:
    """What IAM writes as one value or a list, as a list."""
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def empty_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(zipfile.ZipInfo("nothing", (1980, 1, 1, 0, 0, 0)), "")
    return archive


@pytest.fixture(scope="session")
def plans() -> dict[str, Plan]:
    return {name: application.plan_for(environments.load(name)) for name in ENVIRONMENTS}


@pytest.fixture(scope="session")
def synthesize(empty_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Plan], Templates]:
    def run(plan: Plan) -> Templates:
        outdir = tmp_path_factory.mktemp(plan.environment.name)
        try:
            application.build(plan, empty_bundle, outdir=outdir).synth()
        except RuntimeError as error:  # jsii's; its traceback through the bindings takes a minute to print
            pytest.fail(f"{plan.environment.name} cannot be synthesized: {error}", pytrace=False)
        return Templates(plan.environment.name, outdir)

    return run


@pytest.fixture(scope="session")
def synthesized(plans: dict[str, Plan], synthesize: Callable[[Plan], Templates]) -> dict[str, Templates]:
    return {name: synthesize(plan) for name, plan in plans.items()}


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def environment_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def templates(environment_name: str, synthesized: dict[str, Templates]) -> Templates:
    return synthesized[environment_name]


@pytest.fixture(scope="session")
def plan(environment_name: str, plans: dict[str, Plan]) -> Plan:
    return plans[environment_name]


@pytest.fixture(scope="session")
def everything_on(synthesize: Callable[[Plan], Templates]) -> Templates:
    """Production with every option that is off by default."""
    prod: Environment = environments.load("prod")
    by_bus = {
        system: manifest.inbound.partner_bus
        for system, manifest in registry.connectors().items()
        if manifest.inbound and manifest.inbound.partner_bus
    }
    accounts = {
        name: replace(account, event_source=f"{by_bus[system_of(name)]}1/lockstep")
        if system_of(name) in by_bus
        else account
        for name, account in prod.accounts.items()
    }
    options = replace(
        prod, snap_start=True, alarm_email="it@example.com", reserved_concurrency={"sweep": 1}, accounts=accounts
    )
    return synthesize(application.plan_for(options))


@pytest.fixture
def environment() -> Environment:
    return environments.load("dev")


@pytest.fixture
def check_against_all(environment: Environment) -> Callable[[Environment], Plan]:
    return lambda changed: make_plan(changed, registry.connectors(), registry.workflows())
