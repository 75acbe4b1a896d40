/* Loops whose bodies have hundreds of places where paths meet, and hundreds of ways out; deep recursion. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t many_meetings(uint64_t rounds) {
    uint64_t sum = 0, bits = 0x123456789abcdef;
    __asm__ volatile(
        "1:\n"
        ".rept 480\n"
        "  rol $7, %1\n  test $1, %b1\n  jz 2f\n  inc %0\n"
        "2:\n"
        ".endr\n"
        "dec %2\n  jnz 1b\n"
        : "+r"(sum), "+r"(bits), "+r"(rounds)::"cc");
    return sum;
}

static uint64_t many_ways_out(uint64_t rounds) {
    uint64_t at = 0;
    __asm__ volatile(
        "1:\n"
        ".set n, 0\n"
        ".rept 600\n"
        "  .set n, n + 1\n  cmp $n * 7, %0\n  je 3f\n"
        ".endr\n"
        "jmp 4f\n"
        "3: add $7, %0\n"
        "4: inc %0\n  dec %1\n  jnz 1b\n"
        : "+r"(at), "+r"(rounds)::"cc");
    return at;
}

/* Each call has a large frame and many live values. */
static uint64_t __attribute__((noinline)) deep(uint64_t n, uint64_t a, uint64_t b, double x) {
    volatile uint8_t frame[200];
    memset((void *)frame, (int)n, sizeof frame);
    if (n == 0) return a ^ b;
    uint64_t c = a * 3 + frame[n % 200], d = b * 5 + n, e = a - b, f = a ^ (b << 3), g = c + d, h = e * f;
    double y = x * 1.5, z = x + (double)n;
    uint64_t below = deep(n - 1, g, h, y - z);
    return below + a + b + c * d + e + f + g + h + (uint64_t)(y > z) + frame[(n + 7) % 200];
}

static uint64_t __attribute__((noinline)) ackermann(uint64_t m, uint64_t n) {
    if (m == 0) return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

int main(void) {
    printf("%lu\n", many_meetings(1500));
    printf("%lu\n", many_ways_out(1500));
    for (int i = 0; i < 4; i++) printf("%lu\n", deep(20000 + i, i, 7, 0.5));
    printf("%lu\n", ackermann(2, 300));
    printf("%lu\n", ackermann(3, 6));
    return 0;
}
