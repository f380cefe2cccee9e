"""The environments, one module each: a module that holds `ENVIRONMENT` is an environment of that name."""

import pkgutil
from importlib import import_module

from infra.environments.model import Environment, EnvironmentInvalid

_MODEL = "model"


def names() -> tuple[str, ...]:
    """Names of every environment there is."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _MODEL))


def load(name: str) -> Environment:
    """One environment's configuration, not yet checked against the connectors and workflows.

    Raises:
        EnvironmentInvalid: There is none of that name, or it calls itself something else.
    """
    if name not in names():
        raise EnvironmentInvalid(name, [f"there is none of that name; there are {', '.join(names())}"])
    environment: Environment = import_module(f"{__name__}.{name}").ENVIRONMENT
    if environment.name != name:
        raise EnvironmentInvalid(name, [f"its module calls it {environment.name!r}"])
    return environment


__all__ = ["Environment", "EnvironmentInvalid", "load", "names"]
