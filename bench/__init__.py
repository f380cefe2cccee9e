"""What a webhook, a cold start and a sale cost, measured against their budgets. Run it with `make bench`."""
