"""Process API of financial posting: the Lambda behind its queue."""

from lockstep.runtime.consumers import workflow_handler
from lockstep.workflows.financial_posting.decide import FinancialPosting

handler = workflow_handler(FinancialPosting())
