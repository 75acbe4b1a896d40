/* Code that is written, executed, overwritten, protected, unmapped, mapped again. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t (*function)(uint64_t);

/* loop: add rax, IMM; dec rdi; jnz loop; ret   (xor eax, eax before) */
static uint8_t *put_loop(uint8_t *at, uint32_t add) {
    static const uint8_t code[] = {0x31, 0xc0, 0x48, 0x05, 0, 0, 0, 0, 0x48, 0xff, 0xcf, 0x75, 0xf5, 0xc3};
    memcpy(at, code, sizeof code);
    memcpy(at + 4, &add, 4);
    return at + sizeof code;
}

/* the same, but each round also adds 1 to the immediate of its own addition */
static void put_self_changing(uint8_t *at) {
    static const uint8_t code[] = {
        0x31, 0xc0,                               /* xor eax, eax */
        0x48, 0x05, 1, 0, 0, 0,                   /* loop: add rax, 1 */
        0xff, 0x05, 0xf6, 0xff, 0xff, 0xff,       /* inc dword [rip - 10] */
        0x48, 0xff, 0xcf, 0x75, 0xef, 0xc3,       /* dec rdi; jnz loop; ret */
    };
    memcpy(at, code, sizeof code);
}

static uint8_t *map(int prot) {
    return mmap(0, 8192, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static volatile sig_atomic_t caught;
static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    caught++;
    mprotect((void *)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
}

int main(void) {
    /* write xor execute, by mprotect */
    uint8_t *page = map(PROT_READ | PROT_WRITE);
    for (uint32_t i = 1; i <= 4; i++) {
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
        put_loop(page, i * 3);
        mprotect(page, 4096, PROT_READ | PROT_EXEC);
        printf("protect %lu\n", ((function)page)(3000));
    }
    /* unmapped and mapped again at the same place */
    for (uint32_t i = 1; i <= 3; i++) {
        munmap(page, 8192);
        uint8_t *again = mmap(page, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        put_loop(again, i * 7);
        mprotect(again, 8192, PROT_READ | PROT_EXEC);
        printf("map %lu\n", ((function)again)(2500));
    }
    /* writable and executable: a small compiler writes many functions, then rewrites them */
    uint8_t *buffer = map(PROT_READ | PROT_WRITE | PROT_EXEC);
    uint64_t sum = 0;
    for (uint32_t round = 0; round < 40; round++) {
        uint8_t *at = buffer;
        for (uint32_t i = 0; i < 20; i++) {
            uint8_t *start = at;
            at = put_loop(at, i + round);
            sum += ((function)start)(50 + i);
        }
    }
    printf("compiler %lu\n", sum);
    put_self_changing(buffer + 4096);
    printf("self %lu\n", ((function)(buffer + 4096))(5000));
    printf("self %lu\n", ((function)(buffer + 4096))(5000));
    /* a handler that makes the access possible; then everything once more */
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    uint8_t *closed = map(PROT_NONE);
    for (int i = 0; i < 2000; i++) closed[i * 4] += i;
    uint32_t check = 0;
    for (int i = 0; i < 8192; i += 4) {
        if (i == 4096) mprotect(closed, 4096, PROT_NONE);
        check = check * 31 + closed[i < 4096 ? i : i - 4096];
    }
    printf("faults %d %u\n", caught, check);
    put_self_changing(buffer + 4096);
    printf("self %lu\n", ((function)(buffer + 4096))(3000));
    return 0;
}
