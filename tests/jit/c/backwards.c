/* A line of blocks, each of which jumps to the one before it: a region that is as deep as it is long. */
#include <stdio.h>
#include <stdlib.h>

long turns(long n);
asm(".globl turns\n"
    "turns: xor %eax, %eax; jmp last\n"
    "first: add $3, %rax; dec %rdi; jnz last; ret\n"
    "jmp first\n"
    ".rept 1499\n"
    "jmp . - 2\n" /* two bytes each */
    ".endr\n"
    "last: jmp . - 2\n");

int main(int argc, char **argv) {
    printf("%ld\n", turns(atol(argv[1])));
    return 0;
}
