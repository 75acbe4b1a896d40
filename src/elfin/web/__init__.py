"""The Python that runs in a page's worker: programs driven between the page's messages."""
