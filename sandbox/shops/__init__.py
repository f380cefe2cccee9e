"""Simulated shops: what the vendor would do, as far as Lockstep can see it from outside."""
