/* Calls that are jumps in translated code: recursion of one and of three functions, deeper than any stack of Wasm; flags and
   scalars across returns; returns to where nobody has called from; callbacks, signals and system calls below them. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

typedef struct node { int op; double value; struct node *left, *right; } node;

static node pool[64];
static int used;
static jmp_buf out;
static volatile sig_atomic_t alarms;

static node *leaf(double value) {
    pool[used] = (node){'n', value, 0, 0};
    return &pool[used++];
}

static node *inner(int op, node *left, node *right) {
    pool[used] = (node){op, 0, left, right};
    return &pool[used++];
}

static APART double value_of(node *n) {
    switch (n->op) {
    case '+': return value_of(n->left) + value_of(n->right);
    case '-': return value_of(n->left) - value_of(n->right);
    case '*': return value_of(n->left) * value_of(n->right);
    }
    return n->value;
}

/* A cycle of three. */
static APART uint64_t second(uint64_t x, int levels);
static APART uint64_t third(uint64_t x, int levels);

static APART uint64_t first(uint64_t x, int levels) {
    if (levels == 0) return x;
    return second(x * 3 + 1, levels - 1) ^ (uint64_t)levels;
}

static APART uint64_t second(uint64_t x, int levels) {
    if (levels == 0) return x + 1;
    if (x & 4) return first(x >> 1, levels - 1) + 7;
    return third(x ^ 0x55, levels - 1) - 1;
}

static APART uint64_t third(uint64_t x, int levels) {
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++)
        if (levels > 0 && (i == 0 || levels < 3)) sum += i ? second(x + i, levels - 1) : first(x + i, levels - 1);
    return sum + x;
}

static APART uint64_t deep(uint64_t x, int levels) {
    char room[24];
    __asm__ volatile("" : : "r"(room) : "memory");
    return levels == 0 ? x : deep(x * 31 + levels, levels - 1) + x;
}

/* Says in CF and ZF what it has found; and comes back to the address that is pushed over its caller's. */
__asm__(".globl flagged\nflagged: cmp %rsi, %rdi\n lea 3(%rdi), %rax\n ret\n"
        ".globl astray\nastray: pushq %rdi\n xchgq %rsi, %rax\n ret\n"
        ".globl landed\nlanded: leaq 5(%rax), %rax\n ret\n");
extern char landed[];
extern uint64_t astray(void *to, uint64_t x);

static APART uint64_t asked(uint64_t x, uint64_t y) {
    uint64_t below, same, sum = x;
    __asm__ volatile("sub $128, %%rsp\n call flagged\n setc %b1\n setz %b2\n lea 128(%%rsp), %%rsp"
                     : "=a"(sum), "=&r"(below), "=&r"(same), "+D"(x), "+S"(y) : "1"(0ul), "2"(0ul) : "cc", "memory");
    return sum + 2 * below + 4 * same;
}

static int by_third(const void *a, const void *b) {
    uint64_t x = third(*(const uint32_t *)a & 63, 3), y = third(*(const uint32_t *)b & 63, 3);
    return x < y ? -1 : x > y;
}

static APART void leave(int levels) {
    if (levels == 0) longjmp(out, 1);
    leave(levels - 1);
    alarms = 1000000;
}

static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}

static APART uint64_t asks(uint64_t x, int levels) {
    if (levels == 0) return x + (getppid() > 0);
    return asks(x, levels - 1) * 3 + 1;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 20000;
    node *tree = inner('-', inner('*', inner('+', leaf(1.5), leaf(2)), inner('-', leaf(7), leaf(0.25))), leaf(3));
    double sum = 0;
    for (int i = 0; i < rounds; i++) sum += value_of(tree) + i;
    printf("%a\n", sum);
    uint64_t x = 1;
    for (int i = 0; i < rounds; i++) x = first(x & 0xffff, 12) + third(x >> 3 & 0xfff, 5);
    printf("%llx\n", (unsigned long long)x);
    for (int i = 0; i < rounds / 200; i++) x += deep(x, i % 50 ? i % 300 : 60000);
    printf("%llx\n", (unsigned long long)x);
    for (int i = 0; i < rounds; i++) x += asked(x & 7, i & 7);
    printf("%llx\n", (unsigned long long)x);
    for (int i = 0; i < rounds; i++) x = x * 5 + astray(landed, i);
    printf("%llx\n", (unsigned long long)x);
    uint32_t numbers[64];
    for (int i = 0; i < rounds / 200; i++) {
        for (int j = 0; j < 64; j++) numbers[j] = (uint32_t)(x >> (j & 31)) * (uint32_t)(i + j);
        qsort(numbers, 64, sizeof *numbers, by_third);
        x = x * 7 + third(numbers[5] & 63, 3) - third(numbers[60] & 63, 3);
    }
    printf("%llx\n", (unsigned long long)x);
    for (volatile int i = 0; i < rounds; i++)
        if (setjmp(out) == 0) leave(i % 30);
    printf("%d\n", (int)alarms);
    for (int i = 0; i < rounds / 20; i++) x += asks(x, i % 40);
    printf("%llx\n", (unsigned long long)x);
    signal(SIGVTALRM, on_alarm);
    struct itimerval soon = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_VIRTUAL, &soon, 0);
    for (x = 3; alarms < 3;) x = first(x & 0xffff, 30);
    printf("%d\n", alarms >= 3);
    return 0;
}
