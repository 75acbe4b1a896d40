"""Files: descriptions and tables, the VFS with its mounts, and every file system the guest sees.

No part of this folder knows a task or guest memory beyond the two protocols of `caller.py`, and
only `host_*.py` touches the host.
"""
