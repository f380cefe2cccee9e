"""Process API of inventory availability: the Lambda behind its queue."""

from lockstep.runtime.consumers import workflow_handler
from lockstep.workflows.inventory_availability.decide import InventoryAvailability

handler = workflow_handler(InventoryAvailability())
