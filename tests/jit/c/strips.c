/* Loops that step through memory over the ends of pages, up to where nothing is mapped. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE (5 * 4096)
#define AROUND 4096

static char *area(void) { /* nothing is mapped before it and behind it */
    char *at = mmap(NULL, SIZE + 2 * AROUND, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(at, AROUND);
    munmap(at + AROUND + SIZE, AROUND);
    return at + AROUND;
}

#define NEVER __attribute__((noinline, noclone, optimize("no-tree-vectorize,no-tree-loop-distribute-patterns")))
#define KEEP __asm__ volatile("" : : : "memory")

NEVER static void fill(uint8_t *p, long n, int with) { for (long i = 0; i < n; i++) { p[i] = i * with + (i >> 5); KEEP; } }
NEVER static uint64_t up8(const uint8_t *p, long n) { uint64_t h = 0; for (long i = 0; i < n; i++) { h = h * 31 + p[i]; KEEP; } return h; }
NEVER static uint64_t down8(const uint8_t *p, long n) { uint64_t h = 0; while (n-- > 0) { h = h * 31 + p[n]; KEEP; } return h; }
NEVER static uint64_t up64(const char *p, long n) { uint64_t h = 0, x; for (long i = 0; i < n; i++) { memcpy(&x, p + 8 * i, 8); h = h * 31 + x; KEEP; } return h; }
NEVER static uint64_t down64(const char *p, long n) { uint64_t h = 0, x; while (n-- > 0) { memcpy(&x, p + 8 * n, 8); h = h * 31 + x; KEEP; } return h; }
NEVER static uint64_t far(const char *p, long n) { uint64_t h = 0; for (long i = 0; i < n; i++) { h = h * 31 + p[100 * i] + p[100 * i + 99]; KEEP; } return h; }
NEVER static void widen(uint32_t *to, const uint8_t *from, long n) { for (long i = 0; i < n; i++) { to[i] += from[i]; KEEP; } }
NEVER static void turn(uint8_t *a, uint8_t *b) { while (a < b) { uint8_t t = *a; *a++ = *b; *b-- = t; KEEP; } }
NEVER static void scale(double *y, const double *x, double a, long n) { for (long i = 0; i < n; i++) { y[i] += a * x[i]; KEEP; } }
NEVER static uint64_t some(const uint8_t *p, uint8_t *q, long n) {
    uint64_t h = 0;
    for (long i = 0; i < n; i++) {
        if (p[i] & 1) h += i * p[i]; else { h ^= p[i]; h *= 5; if (h & 64) q[i & 7]++; }
        KEEP;
    }
    return h;
}
NEVER static uint64_t chosen(const uint8_t *p, long n) {
    uint64_t h = 0;
    for (long i = 0; i < n; i++) {
        switch (p[i] & 7) {
        case 0: h += 3; break;
        case 1: h ^= i; break;
        case 2: h *= 5; break;
        case 3: h -= p[i]; break;
        case 4: h += h >> 3; break;
        case 5: h = ~h; break;
        case 6: h += i * i; break;
        default: h ^= 77; break;
        }
        KEEP;
    }
    return h;
}
/* What the table lacks, and `bad`, is never accessed. */
NEVER static uint64_t tabled(const uint32_t *t, const uint8_t *p, long n, const uint8_t *bad, uint64_t *count) {
    uint64_t h = 0;
    for (long i = 0; i < n; i++) {
        h = h * 3 + t[p[i]];
        if (p[i] == 99) h += *bad;
        if (p[i] == 5) ++*count;
        KEEP;
    }
    return h;
}
NEVER static uint64_t sieved(uint8_t *p, unsigned n) {
    uint64_t h = 0;
    for (unsigned by = 1; by < 9000; by += by / 3 + 1) {
        for (unsigned i = by / 2; i < n; i += by) { p[i] += by; KEEP; }
        for (long i = n - 1 - by / 5; i >= 0; i -= by) { h = h * 3 + p[i]; KEEP; }
    }
    return h;
}
NEVER static uint64_t columns(const uint16_t *p, long w, long n) {
    uint64_t h = 0;
    for (long j = 0; j < w; j++) for (long i = 0; i < n; i++) { h = h * 3 + p[i * w + j]; KEEP; }
    for (long j = 0; j < 600; j++) for (long i = 0; i < n * w / 600; i++) { h = h * 3 + p[i * 600 + j]; KEEP; }
    return h;
}
NEVER static uint64_t around(const uint8_t *p, uint32_t from, int32_t by, long n) {
    uint64_t h = 0;
    for (long i = 0; i < n; i++) { h = h * 3 + p[from & 0xffffffff]; from += by; KEEP; }
    return h;
}
NEVER static long length(const char *p) { long n = 0; while (p[n]) { n++; KEEP; } return n; }
NEVER static long copied(char *to, const char *from) { long n = 0; for (;;) { char c = from[n]; if (!c) return n; to[n++] = c; KEEP; } }
NEVER static uint64_t lines(const int32_t *p, long w, long n) {
    uint64_t h = 0;
    for (long i = 1; i < n - 1; i++) { h = h * 3 + p[i - w] + p[i] + p[i + w]; KEEP; }
    return h;
}

int main(void) {
    char *a = area(), *b = area();
    uint64_t h = 0, odd[8] = {0};
    for (int round = 0; round < 60; round++) {
        int shift = round % 9;
        fill((uint8_t *)a, SIZE, round | 1);
        fill((uint8_t *)b, SIZE, round | 2);
        h = h * 7 + up8((uint8_t *)a + shift, SIZE - shift);
        h = h * 7 + down8((uint8_t *)a, SIZE - shift);
        h = h * 7 + up64(a + shift, (SIZE - shift) / 8) + up64(a + SIZE % 8, SIZE / 8);
        h = h * 7 + down64(a + shift, (SIZE - shift) / 8);
        h = h * 7 + far(a + shift, (SIZE - shift) / 100);
        widen((uint32_t *)(b + shift), (uint8_t *)a + 17, (SIZE - shift) / 4);
        turn((uint8_t *)a + shift, (uint8_t *)a + SIZE - 1);
        h = h * 7 + some((uint8_t *)b + shift, (uint8_t *)odd, SIZE - shift);
        h = h * 7 + chosen((uint8_t *)b + shift, SIZE - shift);
        for (long i = 0; i < SIZE; i++) a[i] = i % 16;
        uint32_t *table = (uint32_t *)(b + SIZE) - 16;
        h = h * 7 + tabled(table - shift, (uint8_t *)a + shift, SIZE - shift, round & 1 ? NULL : (uint8_t *)a, odd + 1);
        h = h * 7 + tabled(table - 1000, (uint8_t *)a, SIZE, (uint8_t *)b + SIZE, odd + 2) + odd[1] + odd[2];
        h = h * 7 + sieved((uint8_t *)b, SIZE) + columns((uint16_t *)b, 7 + 100 * (round % 10), SIZE / 2 / (7 + 100 * (round % 10)));
        h = h * 7 + around((uint8_t *)b, 0, round + 1, SIZE / (round + 1)) + around((uint8_t *)b, SIZE - 1, -round - 1, SIZE / (round + 1));
        memset(a, 'x', SIZE - 1 - shift);
        memset(a + SIZE - 1 - shift, 0, 1 + shift);
        h = h * 7 + length(a + shift);
        h = h * 7 + copied(b + SIZE - length(a), a);
        h = h * 7 + lines((int32_t *)b + 80, 80, SIZE / 4 - 160);
        fill((uint8_t *)a, SIZE, 3);
        h = h * 7 + up8((uint8_t *)b, SIZE);
        for (long i = 0; i < SIZE / 8; i++) { ((double *)a)[i] = i * 0.25; ((double *)b)[i] = i == 1000 ? 1e-310 : i; }
        scale((double *)a, (double *)b, 1.5, SIZE / 8);
        h = h * 7 + up8((uint8_t *)a, SIZE);
        printf("%d %llx\n", round, (unsigned long long)(h ^ odd[0]));
    }
    return 0;
}
