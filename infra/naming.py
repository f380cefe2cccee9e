"""Names of what is deployed.

Functions and queues are named, not left to CloudFormation: operators read these names all day, and the stack that
watches them can say them without an export, which would forbid removing a connector or workflow later.
"""


def physical_name(environment: str, service: str, suffix: str = "") -> str:
    """Name of a function or queue: `lockstep-prod-tryton-main`.

    Args:
        environment: Name of the environment.
        service: Consumer id or service name, as in `tryton.main`. Ids never hold a hyphen where another has a dot.
        suffix: What it is of that service, as in `dead`.
    """
    return "-".join(("lockstep", environment, service.replace(".", "-"), *((suffix,) if suffix else ())))


def construct_name(service: str) -> str:
    """A service's name as part of a construct id."""
    return service.replace(".", "-").replace("_", "-")


def secret_name(environment: str, account: str) -> str:
    """Name of an account's secret."""
    return f"lockstep/{environment}/{account}"
