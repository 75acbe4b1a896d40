"""The system calls, a file a family; `kernel/table.py` lists the families."""
