"""Control-flow graphs to trees of block, loop and if."""
