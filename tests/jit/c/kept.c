/* Loops and indirect calls that are hot.  argv[1]: how many rounds; argv[2]: also "fork", "exec" (itself) or "made" (code
   of its own). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SALT
#define SALT 5
#endif

static uint64_t one(uint64_t x) { return x * 3 + SALT; }
static uint64_t two(uint64_t x) { return x ^ x >> 7; }
static uint64_t three(uint64_t x) { return x + (x << 5); }
static uint64_t (*volatile table[])(uint64_t) = {one, two, three, two};

static uint64_t turns(uint64_t n, uint64_t x) {
    for (uint64_t i = 0; i < n; i++) x = table[(x >> 3 ^ i) & 3](x) + i;
    return x;
}

static uint64_t made(uint64_t n) {
    static const uint8_t code[] = {0x31, 0xc0,              /* xor eax, eax */
                                   0x48, 0x01, 0xf8,        /* add rax, rdi */
                                   0x48, 0xff, 0xcf,        /* dec rdi */
                                   0x75, 0xf8, 0xc3};       /* jnz, ret */
    uint8_t *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);
    return ((uint64_t(*)(uint64_t))page)(n);
}

int main(int argc, char **argv) {
    uint64_t n = strtoull(argv[1], 0, 10), x = 1;
    const char *how = argc > 2 ? argv[2] : "";
    if (!strcmp(how, "made")) x = made(n);
    else x = turns(n, x);
    if (!strcmp(how, "fork")) {
        fflush(stdout);
        if (!fork()) {
            printf("child %llx\n", (unsigned long long)turns(n, x));
            return 0;
        }
        wait(0);
    }
    printf("%llx\n", (unsigned long long)x);
    fflush(stdout);
    if (!strcmp(how, "exec")) execl(argv[0], argv[0], argv[1], (char *)0);
    return 0;
}
