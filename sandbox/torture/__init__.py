"""Torture: the stack of `make run` under fire, and a look at what came of it in the ledger, the shop and the ERP."""
