/* Indirect jumps and calls of all kinds: argv[1] says which. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 1;
static uint32_t next(uint32_t n) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % n;
}

#define CASE(n) case n: x = x * (2 * n + 3) + n; __asm__ volatile("" : "+r"(x)); break;
#define CASES4(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3)
#define CASES16(n) CASES4(n) CASES4(n + 4) CASES4(n + 8) CASES4(n + 12)

static uint64_t __attribute__((noinline)) dense(uint32_t way, uint64_t x) {
    switch (way) { CASES16(0) CASES16(16) CASES16(32) CASES16(48) default: x ^= x >> 5; }
    return x;
}

#define FAR(n) case n * n * 37 + 11: x = x * 5 + n; __asm__ volatile("" : "+r"(x)); break;
static uint64_t __attribute__((noinline)) sparse(uint32_t way, uint64_t x) {
    switch (way) { FAR(0) FAR(1) FAR(2) FAR(3) FAR(4) FAR(5) FAR(6) FAR(7) FAR(8) FAR(9) FAR(10) FAR(11) default: x += 9; }
    return x;
}

/* Computed goto: every instruction jumps to the next by itself.  The program changes while it runs. */
static uint64_t __attribute__((noinline, optimize("no-gcse", "no-crossjumping"))) threaded(uint8_t *code, int n, uint64_t rounds, int changing) {
    static void *const ops[] = {&&add, &&sub, &&mul, &&xor, &&shift, &&swap, &&again};
    uint64_t x = 1, y = 2;
    uint8_t *at = code;
#define NEXT goto *ops[*at++]
    NEXT;
add: x += y; NEXT;
sub: y -= x; NEXT;
mul: x *= y | 1; NEXT;
xor: y ^= x; NEXT;
shift: x = x << 7 | x >> 57; NEXT;
swap: { uint64_t t = x; x = y; y = t; } NEXT;
again:
    if (--rounds == 0) return x ^ y;
    if (changing) code[rounds % (n - 1)] = (code[rounds % (n - 1)] + 1) % 6;
    at = code;
    NEXT;
}

static uint64_t f0(uint64_t x) { return x + 1; }
static uint64_t f1(uint64_t x) { return x * 3; }
static uint64_t f2(uint64_t x) { return x ^ 0x55; }
static uint64_t f3(uint64_t x) { return x >> 1 | x << 63; }
static uint64_t f4(uint64_t x) { return x - 7; }
static uint64_t f5(uint64_t x) { return (x & 3) ? f1(x) : f3(x); }
static uint64_t f6(uint64_t x) { return ~x; }
static uint64_t f7(uint64_t x) { return x % 1000003; }
static uint64_t (*table[8])(uint64_t) = {f0, f1, f2, f3, f4, f5, f6, f7};

static uint64_t __attribute__((noinline)) polymorphic(uint64_t rounds, uint32_t ways) {
    uint64_t x = 1;
    while (rounds--) x = table[next(ways)](x);
    return x;
}

static volatile uint64_t (*nowhere)(uint64_t);

int main(int argc, char **argv) {
    char *what = argv[1];
    uint64_t x = 1;
    if (!strcmp(what, "dense"))
        for (int i = 0; i < 200000; i++) x = dense(next(70), x);
    if (!strcmp(what, "sparse"))
        for (int i = 0; i < 200000; i++) x = sparse(next(13) * next(13) * 37 + 11, x);
    if (!strcmp(what, "late")) /* first one way, then others, one after the other */
        for (int i = 0; i < 400000; i++) x = dense(i / 20000 * 3 % 64, x) + table[i / 50000](x);
    if (!strcmp(what, "threaded") || !strcmp(what, "changing")) {
        uint8_t code[64];
        for (int i = 0; i < 63; i++) code[i] = next(6);
        code[63] = 6;
        x = threaded(code, 64, 8000, what[0] == 'c');
    }
    if (!strcmp(what, "polymorphic"))
        for (int ways = 1; ways <= 8; ways++) x += polymorphic(40000, ways);
    if (!strcmp(what, "table")) /* the guest changes its table while the calls are hot */
        for (int i = 0; i < 400; i++) {
            x += polymorphic(800, 8);
            table[next(8)] = table[next(8)];
        }
    if (!strcmp(what, "null") || !strcmp(what, "high") || !strcmp(what, "data")) {
        uint64_t (*volatile f)(uint64_t) = f0;
        static uint64_t words[8];
        printf("%s\n", what);
        fflush(stdout);
        for (int i = 0; i < 20000; i++) {
            if (i == 15000) f = what[0] == 'n' ? 0 : what[0] == 'h' ? (void *)(1ull << 47) : (void *)words;
            x = f(x);
        }
    }
    printf("%s %lx\n", what, x);
    return 0;
}
