import json

import boto3
import pytest
from botocore.stub import Stubber

from cli import locate
from cli.environment import consumers_of
from cli.errors import CommandFailed, StackUnreachable
from infra import registry
from infra.application import plan_for
from infra.environments import load
from lockstep.messaging.specs import Role

TOPOLOGY = {
    "environment": "dev",
    "region": "eu-central-1",
    "roles": {"erp": ["tryton.main"], "shop": ["shopify.main"]},
    "api_url": "https://api.example.com",
    "ledger_table": "ledger",
    "masterdata_table": "masterdata",
    "claims_bucket": "claims",
    "queues": {"intake.poslog": "https://q/1", "financial_posting": "https://q/2", "tryton.main": "https://q/3"},
    "secrets": {"poslog.main": "lockstep/dev/poslog.main"},
    "something_newer": {},
}


def test_the_local_stack_is_found_by_the_file_it_leaves(monkeypatch, tmp_path):
    file = tmp_path / "stack.json"
    described = {
        "endpoint_url": "http://127.0.0.1:4566",
        "region": "us-east-1",
        "access_key_id": "test",
        "secret_access_key": "test",
        "topology": TOPOLOGY,
    }
    file.write_text(json.dumps(described))
    monkeypatch.setenv("LOCKSTEP_STACK", str(file))

    topology, client = locate.locate("local")

    assert topology.ledger_table == "ledger"
    assert client("sqs").meta.endpoint_url == "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "not up"), ("{", "half written"), ('{"topology": {}}', "another version")],
)
def test_a_local_stack_that_is_not_up_says_how_to_start_it(monkeypatch, tmp_path, content, said):
    file = tmp_path / "stack.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("LOCKSTEP_STACK", str(file))

    with pytest.raises(StackUnreachable, match=said) as caught:
        locate.locate("local")
    assert "make run" in caught.value.then


@pytest.fixture
def cloudformation(monkeypatch):
    client = boto3.client("cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(locate, "_client", lambda _session, _service, _url=None: client)
    with Stubber(client) as stub:
        yield stub


def described(outputs):
    stack = {"StackName": "s", "CreationTime": "2026-11-23T00:00:00Z", "StackStatus": "CREATE_COMPLETE"}
    return {"Stacks": [{**stack, "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]}]}


def test_a_deployed_stack_is_found_by_its_output(cloudformation):
    asked = {"StackName": "lockstep-dev-integration"}
    cloudformation.add_response("describe_stacks", described({"LockstepTopology": json.dumps(TOPOLOGY)}), asked)

    topology, _ = locate.locate("dev")

    assert topology.roles == {Role.ERP: ("tryton.main",), Role.SHOP: ("shopify.main",)}


def test_a_stack_that_is_not_deployed_says_how_to_deploy_it(cloudformation):
    said = "Stack with id lockstep-dev-integration does not exist"
    cloudformation.add_client_error("describe_stacks", "ValidationError", said)

    with pytest.raises(StackUnreachable, match="There is no stack lockstep-dev-integration in eu-central-1") as caught:
        locate.locate("dev")
    assert "make deploy ENV=dev" in caught.value.then


def test_a_half_deployed_or_foreign_stack_is_no_stack(cloudformation):
    cloudformation.add_response("describe_stacks", described({}))
    with pytest.raises(StackUnreachable, match="no output"):
        locate.locate("dev")
    cloudformation.add_response("describe_stacks", described({"LockstepTopology": '{"region": 1}'}))
    with pytest.raises(StackUnreachable, match="environment, region, roles"):
        locate.locate("dev")


def test_an_environment_that_is_not_there_names_those_that_are():
    with pytest.raises(CommandFailed, match="no environment 'nowhere'") as caught:
        locate.locate("nowhere")
    assert "dev, local" in caught.value.then


def test_the_consumers_are_those_that_the_infrastructure_makes():
    plan = plan_for(load("local"))
    queues = dict.fromkeys(plan.consumer_ids, "https://q")

    found = consumers_of(queues, tuple(registry.workflows().values()), plan.environment.roles)

    assert {consumer.id for consumer in found} == set(plan.consumer_ids)
