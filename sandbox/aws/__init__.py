"""The embedded AWS of the sandbox: an environment, a server process, a deployer and the list of what it cannot take."""
