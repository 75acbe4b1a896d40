"""Linux as the guest sees it: processes, memory map, signals, files, time.

Plain Python that never blocks and knows nothing of Wasm or translation: it is given memories,
processors and a world (clock, random bytes, host files) and answers system calls.
"""
