/* Bad accesses in the middle of hot loops.  usage: deaths CASE
   Each case works for a while, prints, and dies at an access that a translation makes without exact faults. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMES 20000
#define HIDE(p) __asm__ volatile("" : "+r"(p))

static uint64_t table[64] __attribute__((aligned(16)));
static volatile uint64_t sink;

static void say(const char *what) { write(1, what, strlen(what)); }

/* `bad` takes the place of the table at the last of many turns; what is behind it must not be seen. */
__attribute__((noinline)) static void load(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        HIDE(at);
        sink += *(uint32_t *)(at + 8);
    }
    say("behind\n");
}

__attribute__((noinline)) static void indexed(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        uint64_t *at = i == TIMES - 1 ? (uint64_t *)bad : table;
        HIDE(at);
        sink += at[i & 15] + at[(uint8_t)(i >> 5) & 15];
    }
    say("behind\n");
}

__attribute__((noinline)) static void store(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        HIDE(at);
        *(uint32_t *)(at + 8) = i;
    }
    say("behind\n");
}

/* A wild value is a divisor, a pointer and a loop's bound: none of that may happen. */
__attribute__((noinline)) static void chain(char *bad) {
    uint64_t sum = 0;
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        HIDE(at);
        uint64_t n = *(uint64_t *)(at + 16);
        for (uint64_t k = 0; k < n; k++) { sum += k; __asm__ volatile("" : "+r"(sum)); }
        sum += 1000 / (n ^ (at == bad ? n : 0));
    }
    sink = sum;
    say("behind\n");
}

__attribute__((noinline)) static uint64_t callee(uint64_t x) {
    __asm__ volatile("");
    return x + 1;
}

__attribute__((noinline)) static void call(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        HIDE(at);
        sink += callee(*(uint64_t *)at);
        if (i == TIMES - 1) say("behind a call\n");
    }
}

/* Relative to the stack's segment: a non-canonical address is another signal. */
__attribute__((noinline)) static void frame(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        uint64_t got;
        __asm__ volatile("push %%rbp\n mov %1, %%rbp\n mov 8(%%rbp), %0\n pop %%rbp"
                         : "=&r"(got) : "r"(at) : "memory");
        sink += got;
    }
    say("behind\n");
}

__attribute__((noinline)) static void stack(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = (i == TIMES - 1 ? bad : (char *)(table + 8));
        __asm__ volatile("mov %%rsp, %%rbx\n mov %0, %%rsp\n push %%rax\n mov %%rbx, %%rsp"
                         : : "r"(at) : "rbx", "memory");
    }
    say("behind\n");
}

__attribute__((noinline)) static void vector(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        __asm__ volatile("movdqu 4(%0), %%xmm1\n paddd %%xmm1, %%xmm1\n movdqu %%xmm1, 4(%0)"
                         : : "r"(at) : "xmm1", "memory");
    }
    say("behind\n");
}

__attribute__((noinline)) static void aligned(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        __asm__ volatile("movaps 16(%0), %%xmm1\n paddd 32(%0), %%xmm1\n movaps %%xmm1, 16(%0)"
                         : : "r"(at) : "xmm1", "memory");
    }
    say("behind\n");
}

__attribute__((noinline)) static void aligned_frame(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        __asm__ volatile("push %%rbp\n mov %0, %%rbp\n movaps 16(%%rbp), %%xmm1\n pop %%rbp"
                         : : "r"(at) : "xmm1", "memory");
    }
    say("behind\n");
}

__attribute__((noinline)) static void forever(char *bad) {
    for (uint64_t i = 0;; i++) {
        char *at = i >= TIMES ? bad : (char *)table;
        HIDE(at);
        *(uint32_t *)at = i;
    }
}

/* Loops of one block that step through memory: only where they start may be looked at before them. */
__attribute__((noinline)) static void stepped(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        uint64_t n = 0;
        __asm__ volatile("1: mov (%0,%1,8), %%rdx\n add %%rdx, 8(%0,%1,8)\n inc %1\n cmp $16, %1\n jne 1b"
                         : "+r"(at), "+r"(n) : : "rdx", "memory");
    }
    say("behind\n");
}

__attribute__((noinline)) static void aligned_stepped(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = (i == TIMES - 1 ? bad : (char *)table) + 256;
        uint64_t n = 15;
        __asm__ volatile("1: movaps (%0), %%xmm1\n movaps %%xmm1, 16(%0)\n sub $16, %0\n dec %1\n jne 1b"
                         : "+r"(at), "+r"(n) : : "xmm1", "memory");
    }
    say("behind\n");
}

/* On and on, until nothing is mapped. */
__attribute__((noinline)) static void walked(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        uint64_t n = i == TIMES - 1 ? 1 << 20 : 8;
        __asm__ volatile("1: mov (%0), %%rdx\n add $8, %0\n dec %1\n jne 1b"
                         : "+r"(at), "+r"(n) : : "rdx", "memory");
    }
    say("behind\n");
}

/* Backwards, in a loop of several blocks, and only after what was found elsewhere. */
__attribute__((noinline)) static void searched(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = (i == TIMES - 1 ? bad : (char *)table) + 64;
        uint64_t n = i == TIMES - 1 ? 1 << 20 : 8, odd = 0;
        __asm__ volatile("1: mov -8(%0), %%rdx\n test $1, %%dl\n je 2f\n inc %2\n"
                         "2: mov %%rdx, (%0)\n sub $8, %0\n dec %1\n jne 1b"
                         : "+r"(at), "+r"(n), "+r"(odd) : : "rdx", "memory");
    }
    say("behind\n");
}

/* One loop right behind another. */
__attribute__((noinline)) static void followed(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table, *good = (char *)table;
        uint64_t n = 0;
        __asm__ volatile("1: mov (%2,%1,8), %%rdx\n inc %1\n cmp $24, %1\n jne 1b\n"
                         "2: test $1, %b1\n je 3f\n inc %%rdx\n"
                         "3: mov %%rdx, -192(%0,%1,8)\n inc %1\n cmp $48, %1\n jne 2b"
                         : "+r"(at), "+r"(n), "+r"(good) : : "rdx", "memory");
    }
    say("behind\n");
}

/* In a loop, always at the same place, but only in the last turn. */
__attribute__((noinline)) static void seldom(char *bad) {
    uint64_t n = TIMES, odd = 0;
    volatile uint64_t kept[4] = {0};
    __asm__ volatile("1: add %1, (%2)\n mov 8(%2), %%rdx\n cmp $1, %1\n jne 2f\n mov %1, (%0)\n"
                     "2: dec %1\n jne 1b"
                     : "+r"(bad), "+r"(n) : "r"(kept), "r"(odd) : "rdx", "memory");
    say("behind\n");
}

/* By steps that a register holds, up and down. */
__attribute__((noinline)) static void strided(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : (char *)table;
        uint32_t n = 0, by = 3, down = 40;
        __asm__ volatile("1: mov %1, %%edx\n movzbl (%0,%%rdx), %%edx\n add %2, %1\n cmp $120, %1\n jb 1b\n"
                         "2: mov %3, %%edx\n movb $1, (%0,%%rdx)\n sub %2, %3\n jns 2b"
                         : "+r"(at), "+r"(n), "+r"(by), "+r"(down) : : "rdx", "memory");
    }
    say("behind\n");
}

/* To one of two places, in the last turn to a third. */
__attribute__((noinline)) static void jumped(char *bad) {
    for (int i = 0; i < TIMES; i++) {
        char *at = i == TIMES - 1 ? bad : NULL;
        __asm__ volatile("lea 1f(%%rip), %%rax\n lea 2f(%%rip), %%rdx\n test $1, %b1\n cmovne %%rdx, %%rax\n"
                         "test %0, %0\n cmovne %0, %%rax\n add $1, %1\n jmp *%%rax\n 1: nop\n 2:"
                         : "+r"(at), "+r"(i) : : "rax", "rdx", "cc", "memory");
        i--;
    }
    say("behind\n");
}

static const struct { const char *name; void (*run)(char *); } WAYS[] = {
    {"load", load}, {"indexed", indexed}, {"store", store}, {"chain", chain}, {"call", call}, {"frame", frame},
    {"stack", stack}, {"vector", vector}, {"aligned", aligned}, {"aligned_frame", aligned_frame},
    {"forever", forever}, {"stepped", stepped}, {"aligned_stepped", aligned_stepped}, {"walked", walked},
    {"searched", searched}, {"followed", followed}, {"seldom", seldom}, {"strided", strided}, {"jumped", jumped},
};

static char *place(const char *name) {
    char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_READ);
    munmap(page + 8192, 4096);
    if (!strcmp(name, "null")) return NULL;
    if (!strcmp(name, "unmapped")) return page + 8192;
    if (!strcmp(name, "readonly")) return page + 4096;
    if (!strcmp(name, "beyond")) return page + 8192 - 10;
    if (!strcmp(name, "odd")) return page + 4;
    if (!strcmp(name, "high")) return (char *)table + (3ul << 40);
    if (!strcmp(name, "negative")) return (char *)-4096l;
    if (!strcmp(name, "noncanonical")) return (char *)((uint64_t)table | 0xdead000000000000);
    exit(9);
}

int main(int argc, char **argv) {
    table[2] = 3;
    char *bad = place(argv[2]);
    say("first\n");
    for (unsigned i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
        if (!strcmp(argv[1], WAYS[i].name)) WAYS[i].run(bad);
    say("alive\n");
    return 0;
}
