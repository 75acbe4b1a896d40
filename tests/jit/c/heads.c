// Functions that are called often, of which little runs mostly: `usage: heads CASE`.
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static uint64_t sum, filled, room[64];
static unsigned char buffer[300], *at = buffer, *end = buffer;
static jmp_buf out;

// What the head goes on to at times: too much to be part of callers, with calls and state of its own.
NOINLINE static int fill(int n) {
    filled++;
    for (int i = 0; i < 64; i++) room[i] = room[i] * 5 + n + i;
    for (int i = 0; i < 300; i++) buffer[i] = (unsigned char)(room[i & 63] >> (i & 15));
    sum ^= room[n & 63] + (room[3] % 7) * (room[5] | 1);
    at = buffer;
    end = buffer + 200 + n % 100;
    if (filled % 97 == 0) sum += getppid() > 0;
    if (filled % 1009 == 0) longjmp(out, 1);
    return *at++;
}

NOINLINE static int next(int n) { return __builtin_expect(at >= end, 0) ? fill(n) : *at++; }

// A tail in the middle, with registers and a frame of the head's.
NOINLINE static uint64_t middle(uint64_t x, uint64_t y, uint64_t z) {
    uint64_t a = x * 3 + y, b = y ^ z;
    if (__builtin_expect((a & 1023) == 5, 0)) {
        for (int i = 0; i < 3; i++) a += fill((int)(a % 50)) * b, b ^= a >> 3, room[i] += b;
        for (int i = 0; i < 5; i++) b = b * 31 + (a >> i) % (z | 1), sum += b & 15, a ^= sum;
        sum ^= a % 11 + b % 13 + z % 17;
    }
    return a + (b << 1) + x;
}

// Flags and floats live across the tail.
NOINLINE static double mixed(double d, uint64_t n) {
    if (__builtin_expect((n & 511) == 7, 0)) {
        fill((int)(n % 40));
        for (int i = 0; i < 8; i++) d = d * 0.5 + (double)(room[i] & 255) / (i + 1), sum += i;
        for (int i = 0; i < 8; i++) d += (double)(buffer[i] >> 2) * 0.25, sum ^= (uint64_t)d;
    }
    return d * 0.75 + (double)(n & 7);
}

int main(int argc, char **argv) {
    uint64_t rounds = argc > 2 ? strtoull(argv[2], 0, 10) : 300000, x = 1;
    double d = 1;
    volatile uint64_t start = 0;
    if (setjmp(out)) sum += 1000;
    for (uint64_t i = start; i < rounds; i++) {
        start = i + 1;
        x = x * 31 + next((int)(i & 127));
        x ^= middle(x, i, sum);
        d = mixed(d, x);
    }
    printf("%s %lx %lx %lu %.17g\n", argv[1], (long)x, (long)sum, (long)filled, d);
    return 0;
}
