/* Callees that are hardly ever executed translated, below callers that are; recursion deeper than the Wasm stack
   through both; longjmp out of it, for ever; modes of floats and code that change below a caller. */
#include <fenv.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t (*Function)(uint64_t, uint64_t);

#define COLD(n)                                                                                    \
    static __attribute__((noinline)) uint64_t cold##n(uint64_t x, uint64_t y) {                    \
        return (x ^ y * n) + (x >> (n & 31));                                                      \
    }
COLD(1) COLD(2) COLD(3) COLD(4) COLD(5) COLD(6) COLD(7) COLD(8)
COLD(9) COLD(10) COLD(11) COLD(12) COLD(13) COLD(14) COLD(15) COLD(16)

static const Function colds[] = {cold1, cold2, cold3, cold4, cold5, cold6, cold7, cold8,
                                 cold9, cold10, cold11, cold12, cold13, cold14, cold15, cold16};
static jmp_buf out;
static volatile double third = 3.0;

static __attribute__((noinline)) uint64_t middle(uint64_t x, uint64_t i) {
    uint64_t y = x + i;
    for (int k = 0; k < 3; k++) {
        y = y * 6364136223846793005u + k;
        if ((y >> 33) % 97 == 0) y = colds[y >> 40 & 15](y, i); /* a way that is seldom taken */
    }
    return colds[i & 15](y, x);
}

static __attribute__((noinline)) uint64_t deep(uint64_t x, int levels) {
    if (levels == 0) return middle(x, x & 7);
    uint64_t below = deep(x * 31 + levels, levels - 1);
    return (levels & 63) ? below + x : middle(below, x);
}

static __attribute__((noinline)) void jump(uint64_t x, int levels) {
    if (levels == 0) longjmp(out, (int)(middle(x, levels) & 7) + 1);
    jump(x + 1, levels - 1);
    middle(x, levels);
}

static __attribute__((noinline)) double divided(double x, uint64_t i) {
    if (i % 1000 == 999) fesetround(i & 1 ? FE_UPWARD : FE_TONEAREST);
    return x / third;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 20000;
    uint64_t x = 1;
    for (int i = 0; i < rounds * 10; i++) x = middle(x, i);
    printf("%llx\n", (unsigned long long)x);
    for (int i = 0; i < rounds / 100; i++) x += deep(x, i % 40 ? i % 700 : 20000);
    printf("%llx\n", (unsigned long long)x);
    uint64_t jumps = 0;
    for (volatile int i = 0; i < rounds; i++) {
        int way = setjmp(out);
        if (way == 0) jump(i, i % 60);
        jumps = jumps * 3 + way;
    }
    printf("%llx\n", (unsigned long long)jumps);
    double sum = 0;
    for (int i = 0; i < rounds; i++) sum += divided(i, i) * (double)(middle(i, i) & 255);
    printf("%a\n", sum);
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\x8d\x47\x07\xc3", 4); /* lea eax, [rdi + 7]; ret */
    unsigned total = 0;
    for (int i = 0; i < rounds; i++) {
        if (i % 500 == 499) code[2] = (unsigned char)(i / 500 & 63);
        total = total * 5 + ((unsigned (*)(unsigned))code)(i);
    }
    printf("%x\n", total);
    return 0;
}
