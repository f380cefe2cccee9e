"""Where a deployed stack's parts are: the output `LockstepTopology` of its integration stack."""

from pydantic import BaseModel, ConfigDict

from lockstep.messaging.maintenance import MaintenanceWindow
from lockstep.messaging.specs import Role


class Topology(BaseModel):
    """What the command line needs of it. What it does not know is ignored: older tools read newer stacks."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: str
    region: str
    roles: dict[Role, tuple[str, ...]]
    api_url: str
    ledger_table: str
    masterdata_table: str
    claims_bucket: str
    queues: dict[str, str]
    """Queue URL by consumer: whoever has one runs here."""
    dlqs: dict[str, str] = {}
    """Dead-letter queue URL by consumer; also of the bus and of the relay, which hold no bells of a consumer."""
    redrives: dict[str, str] = {}
    """URL of the queue to which dead letters of `dlqs` that are no consumer's go back, by name."""
    maintenance: dict[str, tuple[MaintenanceWindow, ...]] = {}
    """When target accounts are left alone, by account."""
    secrets: dict[str, str]
    """Name of the secret by account."""


class LocalStack(BaseModel):
    """What the local stack leaves in its file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    topology: Topology
