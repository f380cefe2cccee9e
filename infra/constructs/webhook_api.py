"""The HTTPS door: one HTTP API, one throttled route a connector."""

import json
from typing import Any, cast

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.function import LockstepFunction
from infra.constructs.log_group import encrypted_log_group
from infra.environments import Environment
from infra.nag import acknowledge
from infra.plan import Door

_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
    "bytes_out": "$context.responseLength",
    "ip": "$context.identity.sourceIp",
}
"""What is logged of each request: the caller is a vendor's machine, and neither body nor headers are logged."""


class WebhookApi(Construct):
    """An HTTP API whose routes vendors call.

    An HTTP API, not a REST API: a third of the price; signatures prove who calls, so API keys and usage plans are not
    missed, and bodies are checked by the functions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.HttpApi(
            self, "Api", create_default_stage=False, description=f"Lockstep {environment.name}: webhooks"
        )
        log = encrypted_log_group(self, "AccessLog", key=key, environment=environment)
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=environment.throttle.requests_per_second, burst_limit=environment.throttle.burst
            ),
        )
        self._stage = cast("apigateway.CfnStage", self.stage.node.default_child)
        self._stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
        self._limits: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        return str(self.api.api_endpoint)

    def open_door(self, function: LockstepFunction, door: Door) -> None:
        """Route `POST /webhooks/<system>/{account}` to a connector's inbound function, within limits of its own.

        Args:
            function: The inbound function.
            door: Which connector it is of; its manifest says how much it takes, and by which methods.
        """
        system = door.manifest.system
        path = f"/webhooks/{system}/{{account}}"
        routes = self.api.add_routes(
            path=path,
            methods=[apigateway.HttpMethod(method) for method in door.inbound.methods],
            integration=integrations.HttpLambdaIntegration(
                f"{system}-inbound", function.target, scope_permission_to_route=True
            ),
        )
        for route, method in zip(routes, door.inbound.methods, strict=True):
            acknowledge(
                route,
                "AwsSolutions-APIG4",
                "Vendors cannot be given IAM identities or tokens of ours; the function proves the sender by the "
                "vendor's signature over the raw body before it reads anything else.",
            )
            self._limits[f"{method} {path}"] = {
                "ThrottlingRateLimit": door.inbound.rate_per_second,
                "ThrottlingBurstLimit": door.inbound.burst,
                "DetailedMetricsEnabled": True,
            }
            self.stage.node.add_dependency(route)  # route settings of a route that does not exist yet are refused
        self._stage.add_property_override("RouteSettings", self._limits)
