"""Reads at Business Central what notifications name, and lists of what changed (API v2.0).

Access is by client credentials (Microsoft identity platform, OAuth 2.0 client credentials flow): a token lasts an hour
and is kept until shortly before. Lists are filtered by `lastModifiedDateTime` and paged by `$top` and `$skip`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from pydantic_core import to_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.business_central.manifest import MANIFEST
from lockstep.connectors.business_central.translate import SINGLE
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.inbound import Page
from lockstep.runtime.reading import Reply, VendorApi, answer_of
from lockstep.runtime.settings import AccountSettings

_SCOPE: Final = "https://api.businesscentral.dynamics.com/.default"
_MARGIN: Final = timedelta(minutes=5).total_seconds()
_A_PAGE: Final = 100
_SETS: Final = {single: many for many, single in SINGLE.items()}
_EXPAND: Final = {"salesOrders": "salesOrderLines"}


class BusinessCentralReader:
    """One environment, read."""

    def __init__(self, api: VendorApi, login: VendorApi, connection: Mapping[str, str], path: str) -> None:
        """Args:
        api: Speaks to Business Central.
        login: Speaks to the identity platform.
        connection: `tenant`, `client_id`, `client_secret`, `company`.
        path: Of the API, after its host.
        """
        self._api = api
        self._login = login
        self._connection = connection
        self._path = path
        self._token = ""
        self._good_until = 0.0

    def fetch(self, notice: ResourceNotice) -> bytes:
        """See `Reader.fetch`."""
        company, _, key = notice.key.partition("/")
        if notice.resource in _SETS:
            many = _SETS[notice.resource]
            return self._get(f"/companies({company})/{many}({quote(key, safe='')})", _expanded(many)).body
        if notice.resource in SINGLE:
            return self._all(company, notice.resource, key)
        raise ConfigurationError(f"{notice.resource} is not read at Business Central")

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """See `Reader.page`."""
        if resource not in SINGLE:
            raise ConfigurationError(f"{resource} is not listed at Business Central")
        company = self._connection.get("company", "")
        if not company:
            raise ConfigurationError("the account's secret names no `company` to list")
        window = f"lastModifiedDateTime ge {_time(since)} and lastModifiedDateTime lt {_time(until)}"
        return self._listed(company, resource, window, after)

    def _all(self, company: str, resource: str, since: str) -> bytes:
        """Everything that changed since a moment, as one answer."""
        window = f"lastModifiedDateTime ge {since}"
        page = self._listed(company, resource, window, "")
        found = list(answer_of(page.body).get("value") or [])
        while page.after:
            page = self._listed(company, resource, window, page.after)
            found += answer_of(page.body).get("value") or []
        return to_json({"value": found})

    def _listed(self, company: str, resource: str, window: str, after: str) -> Page:
        skipped = int(after or "0")
        query = {
            "$filter": window,
            "$orderby": "lastModifiedDateTime",
            "$top": str(_A_PAGE),
            "$skip": str(skipped),
            **_expanded(resource),
        }
        body = self._get(f"/companies({company})/{resource}", query).listed or b'{"value":[]}'
        found = answer_of(body).get("value") or []
        return Page(body, str(skipped + len(found)) if len(found) >= _A_PAGE else "")

    def _get(self, path: str, query: Mapping[str, str]) -> Reply:
        return self._api.get(self._path + path, dict(query), {"authorization": f"Bearer {self._opened()}"})

    def _opened(self) -> str:
        """An access token.

        Raises:
            ConfigurationError: The client is not known, or its secret is wrong.
        """
        if not self._token or monotonic() >= self._good_until:
            form = {
                "grant_type": "client_credentials",
                "client_id": self._connection["client_id"],
                "client_secret": self._connection["client_secret"],
                "scope": _SCOPE,
            }
            path = f"/{quote(self._connection['tenant'], safe='')}/oauth2/v2.0/token"
            kind = {"content-type": "application/x-www-form-urlencoded"}
            answer = answer_of(self._login.call("POST", path, urlencode(form).encode(), kind).body)
            token, lasts = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not token.isprintable() or not token:
                raise EndpointUnavailable("the identity platform answered without a token")
            self._token = token
            self._good_until = monotonic() + (float(lasts) if isinstance(lasts, int | float) else 0.0) - _MARGIN
        return self._token


def reader(_account: str, connection: Mapping[str, str], settings: AccountSettings) -> BusinessCentralReader:
    """The reading side of an account.

    Args:
        connection: The account's secret: `base_url`, as in
            `https://api.businesscentral.dynamics.com/v2.0/<tenant>/<environment>/api/v2.0`; `tenant`, `client_id` and
            `client_secret` of the application that may read; `company`, the id of the one whose lists are read.
        settings: Names hosts that the account may have beyond the manifest's.

    Raises:
        ConfigurationError: Something is missing, or would go to a host that nobody allowed.
    """
    missing = [name for name in ("base_url", "tenant", "client_id", "client_secret") if not connection.get(name)]
    if missing:
        raise ConfigurationError(f"the account's secret has no {', '.join(missing)}")
    allowed = (*(MANIFEST.inbound.allowed_hosts if MANIFEST.inbound else ()), *settings.allowed_hosts)
    address = urlsplit(connection["base_url"])
    api = VendorApi(f"{address.scheme}://{address.netloc}", allowed=allowed, headers={})
    login = VendorApi(
        connection.get("login_url") or "https://login.microsoftonline.com",
        allowed=allowed,
        headers={},
        statuses={400: ConfigurationError},
    )
    return BusinessCentralReader(api, login, connection, address.path.rstrip("/"))


def _expanded(resource: str) -> dict[str, str]:
    return {"$expand": _EXPAND[resource]} if resource in _EXPAND else {}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
