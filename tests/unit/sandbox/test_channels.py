"""Channels that nobody plays: each has a secret with which its samples are signed, and reads nowhere but here."""

import pytest

from infra import environments, registry
from infra.checks import system_of
from lockstep.messaging.topics import resources
from lockstep.runtime.secrets import connection_of, signing_secrets
from lockstep.runtime.settings import AccountSettings
from sandbox.channels import NOBODY, example_secret

LOCAL = environments.load("local")
RECEIVING = [system for system, manifest in registry.connectors().items() if manifest.inbound]


@pytest.mark.parametrize("system", RECEIVING)
def test_every_channel_has_an_account_on_the_laptop(system: str) -> None:
    account = LOCAL.accounts[f"{system}.main"]
    assert account.notification_url == f"https://webhooks.example.com/webhooks/{system}/main"
    secret = example_secret(f"{system}.main")
    assert signing_secrets(secret) == (registry.conformance(system).secrets[0],)
    assert not [value for value in secret.values() if "://" in value and not value.startswith(NOBODY)]


@pytest.mark.parametrize("account", sorted(LOCAL.accounts))
def test_what_reads_there_reads_on_this_machine(account: str) -> None:
    manifest = registry.manifest(system_of(account))
    if manifest.inbound is None or not resources(manifest.inbound):
        pytest.skip("it reads nothing")
    settings = AccountSettings(secret=account, allowed_hosts=LOCAL.accounts[account].allowed_hosts)
    assert registry.reader(manifest.system)(account, connection_of(example_secret(account)), settings)
