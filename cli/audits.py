"""Finds what reads a target account back, by its connector's folder: `audit.py`, where it has one."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

from infra import environments
from lockstep.messaging.outbound import DocumentAudit


def audits(environment: str, secret: Callable[[str], Mapping[str, str]]) -> Callable[[str], DocumentAudit | None]:
    """What reads an account of an environment back; None for one whose connector cannot.

    Args:
        environment: Which accounts may name which hosts.
        secret: Of an account.
    """

    def audit(account: str) -> DocumentAudit | None:
        module = f"lockstep.connectors.{account.partition('.')[0]}.audit"
        if find_spec(module) is None:
            return None
        allowed = environments.load(environment).accounts[account].allowed_hosts
        made: DocumentAudit = import_module(module).connect(account, secret(account), allowed_hosts=allowed)
        return made

    return audit
