"""Lockstep's infrastructure, as CDK.

jsii, which runs CDK, starts a Node process the moment `aws_cdk` is imported. So that a machine without Node can
synthesize, this package points it at the Node that pip installed before any of its modules can import CDK.
"""

from infra.node import use_bundled_node

use_bundled_node()
