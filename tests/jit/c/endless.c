/* Loops that only a signal ends: argv[1] says which, argv[2] whether a timer ends it after some ticks. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;
static void on_alarm(int number) {
    (void)number;
    if (++ticks == 20) {
        puts("20 ticks");
        fflush(stdout);
        _exit(7);
    }
}

static uint64_t __attribute__((noinline)) tree(int n) {
    return n < 2 ? n : tree(n - 1) + tree(n - 2) + 1;
}

static void copies(uint8_t *from, uint8_t *to, size_t n) {
    for (;;) {
        void *si = from, *di = to;
        size_t count = n;
        __asm__ volatile("rep movsb" : "+S"(si), "+D"(di), "+c"(count)::"memory");
    }
}

static uint64_t one(uint64_t x) { return x * 3 + 1; }
static uint64_t two(uint64_t x) { return x ^ x >> 3; }
static uint64_t (*const volatile functions[2])(uint64_t) = {one, two};

int main(int argc, char **argv) {
    if (argc > 2) {
        signal(SIGALRM, on_alarm);
        struct itimerval every = {{0, 2000}, {0, 2000}};
        setitimer(ITIMER_REAL, &every, 0);
    }
    puts("begins");
    fflush(stdout);
    switch (argv[1][0]) {
    case 't': __asm__ volatile("1: jmp 1b");
    case 'l': for (volatile uint64_t i = 0;; i++) if (!i) ticks += 0;
    case 'n': for (uint64_t x = 1;;) for (int i = 0; i < 3; i++) { x = x * 5 + i; __asm__ volatile("" : "+r"(x)); }
    case 'r': for (;;) tree(40);
    case 'c': for (uint64_t x = 1;;) x = functions[x & 1](x);
    case 'm': {
        uint8_t *a = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        copies(a, a + (32 << 20), 32 << 20);
    }
    case 's': for (;;) { volatile size_t n = strlen("a few bytes"); (void)n; getppid(); }
    }
    return 0;
}
