"""A seeded simulation of the integration core: the real core, a virtual clock, and a world that fails in every way."""
