/* Control flow that is not calls and returns: setjmp, deep recursion, alloca, varargs, switches, pointers. */
#include "check.h"
#include <alloca.h>
#include <setjmp.h>
#include <stdarg.h>

static jmp_buf outer, inner;

static int deep(int n, int *sum) {
    volatile char space[100];
    space[n % 100] = (char)n;
    *sum += space[n % 100];
    if (n == 0) longjmp(outer, 5);
    return deep(n - 1, sum) + 1;
}

static uint64_t ackermann(uint64_t m, uint64_t n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static long sum_of(int count, ...) {
    va_list list, again;
    va_start(list, count);
    va_copy(again, list);
    long sum = 0;
    for (int i = 0; i < count; i++) sum += i % 2 ? va_arg(list, long) : va_arg(list, int);
    for (int i = 0; i < count; i++) sum = sum * 3 + (i % 2 ? va_arg(again, long) : va_arg(again, int));
    va_end(list); va_end(again);
    return sum;
}

static int operation(int code, int a, int b) {
    switch (code) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return b ? a / b : 0;
    case 4: return a & b;
    case 5: return a | b;
    case 6: return a ^ b;
    case 7: return a << (b & 31);
    case 8: return a >> (b & 31);
    case 1000: return a;
    case -5: return b;
    default: return code;
    }
}

static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
static int negate(int x) { return -x; }
struct pair { long a, b, c; double d; };
static struct pair make(long x) { return (struct pair){x, x * 2, x * 3, x / 2.0}; }

int main(void) {
    int sum = 0, got = setjmp(outer);
    if (!got) deep(5000, &sum);
    printf("%d %d\n", got, sum);
    volatile int tries = 0;
    if (setjmp(inner) < 10) { tries++; longjmp(inner, tries); }
    printf("%d tries\n", tries);
    printf("%llu\n", (unsigned long long)ackermann(2, 300));
    printf("%ld\n", sum_of(9, 1, 2L, 3, 4L, 5, 6L, 7, 8L, 9));
    uint64_t hash = 0;
    for (int i = 1; i < 400; i += 7) {
        char *p = alloca(i);
        memset(p, i, i);
        hash = mix_bytes(hash, p, i);
    }
    for (int i = -10; i < 1010; i++) hash = mix(hash, operation(i, i * 7919, i - 3));
    int (*functions[])(int) = {twice, square, negate};
    int value = 3;
    for (int i = 0; i < 30; i++) value = functions[value % 3 < 0 ? -(value % 3) : value % 3](value) % 10007;
    struct pair p = make(21);
    void *labels[] = {&&one, &&two, &&three};
    int at = 0, steps = 0;
next:
    if (steps++ < 10) goto *labels[at];
    printf("%016llx %d %ld %ld %ld %d %d\n", (unsigned long long)hash, value, p.a, p.b, p.c, (int)(p.d * 4), steps);
    return 0;
one:
    at = 2; goto next;
two:
    at = 0; goto next;
three:
    at = 1; goto next;
}
