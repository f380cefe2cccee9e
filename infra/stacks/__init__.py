"""The three stacks of an environment: what is kept, what runs, what watches."""
