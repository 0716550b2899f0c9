"""The agent: starts kernels and serves workspace files inside the kernel container.

It runs with the privileges of the researcher's code, so nothing it says is believed by the gate.
Standard library and pyzmq only; copied into the kernel image as files and run with `python -I`.
"""
