/* An interpreter whose loop is around a `switch` of ninety cases, or a computed goto: cases with calls, with loops,
   with loops that call, one that runs another program, one that is left by longjmp; which of them are hot changes. */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noipa))
#define TEN(M, n) M(n##0) M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7) M(n##8) M(n##9)
#define NINETY(M) TEN(M, 1) TEN(M, 2) TEN(M, 3) TEN(M, 4) TEN(M, 5) TEN(M, 6) TEN(M, 7) TEN(M, 8) TEN(M, 9)
enum { FIRST = 10, END = 100 };

static uint64_t memory[256];
static jmp_buf out;
typedef struct { uint8_t op, a, b; } insn;

NOINLINE static uint64_t twist(uint64_t x, int by) { return (x << (by & 31)) ^ (x >> 7) ^ by; }
NOINLINE static uint64_t count(uint64_t x) { return x & 1 ? count(x >> 1) + 1 : x ? 2 : 3; }
NOINLINE static double half(double x, double y) { return x * 0.5 + y; }
NOINLINE static void leave(uint64_t x) { longjmp(out, 1 + (x & 3)); }
static uint64_t run(const insn *code, int length, uint64_t start, long steps, int depth);
static uint64_t threaded(const insn *code, int length, uint64_t start, long steps, int depth);

/* What case `n` does: by its last digit, with its number in it. */
#define WORK(n, again)                                                                                     \
    switch (n % 10) {                                                                                      \
    case 0: r[a] += r[b] * n + 1; break;                                                                   \
    case 1: r[a] = twist(r[b], n); break;                                                                  \
    case 2: for (uint64_t i = r[a] & 15; i--;) r[b] = (r[b] << 1 | r[b] >> 63) + n; break;                 \
    case 3: if (r[a] < r[b]) pc = (pc + (r[a] & 3)) % length; else r[a] ^= n; break;                       \
    case 4: for (int i = 0; i < (int)(r[b] & 7); i++) r[a] += count(r[a] ^ (uint64_t)i * n); break;        \
    case 5: memory[(r[a] + n) & 255] += r[b]; r[b] = memory[r[a] & 255]; break;                            \
    case 6: x = half(x, (double)(r[a] & 1023)); r[b] += (uint64_t)(int64_t)x; break;                       \
    case 7: if (depth < 3 && (r[a] & 63) == n % 64) r[b] ^= again(code, length, r[a], 50, depth + 1); else r[b] += n; break; \
    case 8: if ((r[a] * 0x9E3779B97F4A7C15 >> 44) == n) leave(r[b]); r[a] = r[a] / (r[b] | 1) + n; break;                      \
    default: r[a & 7] -= twist(r[b], n) + (r[a] > r[b] ? r[b] : n); break;                                 \
    }

#define BEGIN                                                                                              \
    uint64_t r[16];                                                                                        \
    double x = 1.0;                                                                                        \
    long pc = start % (uint64_t)length;                                                                    \
    for (int i = 0; i < 16; i++) r[i] = start * (2 * i + 1) + i;
#define FINISH(sum)                                                                                        \
    uint64_t sum = pc;                                                                                     \
    for (int i = 0; i < 16; i++) sum = sum * 31 + r[i];                                                    \
    return sum ^ (uint64_t)(int64_t)x;

NOINLINE static uint64_t run(const insn *code, int length, uint64_t start, long steps, int depth) {
    BEGIN
    while (steps--) {
        const insn *at = &code[pc];
        int a = at->a & 15, b = at->b & 15;
        pc = pc + 1 == length ? 0 : pc + 1;
        switch (at->op) {
#define CASE(n) case n: WORK(n, run) break;
        NINETY(CASE)
        default: r[0]++;
        }
    }
    FINISH(sum)
}

NOINLINE static uint64_t threaded(const insn *code, int length, uint64_t start, long steps, int depth) {
#define LABEL(n) &&at_##n,
    static const void *const labels[] = {NINETY(LABEL)};
    const insn *at;
    int a, b;
    BEGIN
#define NEXT                                                                                               \
    if (!steps--) goto end;                                                                                \
    at = &code[pc], a = at->a & 15, b = at->b & 15;                                                        \
    pc = pc + 1 == length ? 0 : pc + 1;                                                                    \
    goto *labels[at->op - FIRST];
    NEXT
#define PLACE(n) at_##n: WORK(n, threaded) NEXT
    NINETY(PLACE)
end:;
    FINISH(sum)
}

int main(int argc, char **argv) {
    long steps = atol(argv[2]);
    uint64_t (*volatile go)(const insn *, int, uint64_t, long, int) = argv[1][0] == 't' ? threaded : run;
    uint64_t seed = 12345, sum = 0;
    for (volatile int phase = 0; phase < 6; phase++) {
        insn code[64];
        for (int i = 0; i < 64; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            int ops = phase < 3 ? 20 + 20 * phase : END - FIRST;  /* more and more of them, then all */
            code[i] = (insn){FIRST + (seed >> 33) % ops, seed >> 40, seed >> 48};
        }
        for (volatile int turn = 0; turn < 8; turn++) {
            int left = setjmp(out);
            sum = sum * 33 + (left ? (uint64_t)left : go(code, 64, seed ^ turn, steps, 0));
        }
        printf("%d %016llx\n", phase, (unsigned long long)sum);
    }
    return 0;
}
