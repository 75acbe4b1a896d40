"""ELF files into memory: image, stack and auxiliary vector, as Linux's fs/binfmt_elf.c does it."""
