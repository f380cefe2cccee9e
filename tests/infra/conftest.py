import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infra import application, environments, registry
from infra.environments import Environment
from infra.plan import Plan, make_plan
from tests.infra.templates import Templates

ENVIRONMENTS = ("local", "prod")


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
        application.build(plan, empty_bundle, outdir=outdir).synth()
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
    options = replace(prod, snap_start=True, alarm_email="it@example.com", reserved_concurrency={"sweep": 1})
    return synthesize(application.plan_for(options))


@pytest.fixture
def environment() -> Environment:
    return environments.load("dev")


@pytest.fixture
def check_against_all(environment: Environment) -> Callable[[Environment], Plan]:
    return lambda changed: make_plan(changed, registry.connectors(), registry.workflows())
