/* Calls and returns that a translator must get right.  usage: calls CASE
   Each case makes its functions hot, prints what it computed, and is compared with the same program natively. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define KEEP(x) __asm__ volatile("" : "+r"(x))

static volatile uint64_t sink;

/* -- deep: far more calls nested than a Wasm engine's stack would hold */
NOINLINE static uint64_t depth(uint64_t n, uint64_t a, uint64_t b, uint64_t c) {
    if (n == 0) return a ^ b ^ c;
    uint64_t below = depth(n - 1, b + n, c * 3, a - n);
    KEEP(below);
    return below * 5 + a + (b ^ n);
}

static void deep(void) {
    for (int i = 0; i < 300; i++) printf("%llx\n", (unsigned long long)depth(i, 1, 2, 3));
    for (int i = 1; i <= 4; i++) printf("%llx\n", (unsigned long long)depth(i * 20000, 1, 2, 3));
}

/* -- far: longjmp out of nested calls, over values that live in callee-saved registers */
static jmp_buf place;

NOINLINE static uint64_t down(uint64_t n, uint64_t x, int jump) {
    if (n == 0) {
        if (jump) longjmp(place, (int)(x & 0xff) + 1);
        return x;
    }
    uint64_t a = down(n - 1, x * 7 + n, jump);
    KEEP(a);
    uint64_t b = down(n > 3 ? 0 : n - 1, a ^ x, 0);
    return a + b + x;
}

static void far_jumps(void) {
    volatile uint64_t sum = 0;
    for (volatile int i = 0; i < 5000; i++) {
        int back = setjmp(place);
        if (back == 0) sum += down(i % 9, i, i % 3 == 0) * 11;
        else sum = sum * 3 + back;
    }
    printf("%llx\n", (unsigned long long)sum);
}

/* -- elsewhere: the return address is changed, or a jump takes a return's place */
uint64_t skips(uint64_t), pops(uint64_t), twice(uint64_t), pushed(uint64_t), middle(uint64_t), falls(uint64_t);
__asm__(
    ".text\n"
    "to_skip: add %rdi, %rdi; addq $3, (%rsp); ret\n"
    "to_pop: lea 5(%rdi), %rdi; pop %rcx; jmp *%rcx\n"
    "to_twice: lea 1(%rdi,%rdi), %rax; test $8, %dil; jz 1f; lea 8(%rsp), %rsp\n"
    "1: ret\n"
    "skips: call to_skip; add $9, %edi; lea 2(%rdi), %rax; ret\n" /* the add has three bytes */
    "pops: push %rbx; mov %rdi, %rbx; call to_pop; lea (%rdi,%rbx,2), %rax; pop %rbx; ret\n"
    "twice: call to_twice; add $77, %rax; ret\n"
    "pushed: lea 2f(%rip), %rcx; push %rcx; test $1, %dil; jz 1f; lea 3f(%rip), %rcx; mov %rcx, (%rsp)\n"
    "1: ret\n"
    "2: lea 100(%rdi), %rax; ret\n"
    "3: lea (%rdi,%rdi,4), %rax; ret\n"
    "middle: test $3, %dil; jz inside; mov $1, %eax; add %rdi, %rax; ret\n"
    "falls: lea 1(%rdi), %rdi\n"
    "inside: lea 7(%rdi,%rdi), %rax; test $16, %dil; jnz 1f; ret\n"
    "1: sub $16, %rdi; jmp middle\n");

static void elsewhere(void) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        sum = sum * 5 + skips(i) + pops(i) * 3 + twice(i) * 7 + pushed(i) * 9;
        sum ^= middle(i & 63) + falls(i & 31);
    }
    printf("%llx\n", (unsigned long long)sum);
}

/* -- flags: set by a callee for its caller, by a caller for its callee, and kept across both */
uint64_t flags_back(uint64_t), flags_in(uint64_t), flags_kept(uint64_t);
__asm__(
    ".text\n"
    "compares: cmp $1000, %rdi; ret\n"
    "reads: setc %al; movzx %al, %eax; sbb %rdx, %rdx; lea (%rax,%rdx,4), %rax; ret\n"
    "keeps: lea 3(%rdi), %rax; mov %rax, %rdx; ret\n"
    "flags_back: call compares; mov $5, %eax; mov $9, %ecx; cmovb %rcx, %rax; setp %cl; add %rcx, %rax; ret\n"
    "flags_in: cmp $500, %rdi; call reads; ret\n"
    "flags_kept: cmp $700, %rdi; call keeps; adc $0, %rax; setl %cl; lea (%rax,%rcx), %rax; ret\n");

static void flags(void) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 20000; i++)
        sum = sum * 3 + flags_back(i & 2047) + flags_in(i & 1023) * 5 + (uint32_t)flags_kept(i & 1023);
    printf("%llx\n", (unsigned long long)sum);
}

/* -- floats: doubles, floats and vectors as arguments and results, held across calls */
NOINLINE static double tree(double x, float y, int n) {
    if (n == 0) return x * y;
    double left = tree(x * 0.5, y + 1, n - 1);
    float kept = y * 3;
    double right = tree(x + left, kept, n - 1);
    return left - right * x + kept;
}

typedef int lanes __attribute__((vector_size(16)));
NOINLINE static lanes mixed(lanes v, int n) {
    if (n == 0) return v + 1;
    lanes below = mixed(v ^ n, n - 1);
    return below * 3 + v;
}

static void floats(void) {
    for (int i = 0; i < 300; i++) {
        lanes v = mixed((lanes){i, 1, 2, 3}, 1 + i % 7);
        printf("%a %x %x\n", tree(i * 0.25, 1.5f, 1 + i % 6), v[0], v[3]);
    }
}

/* -- leaves: a callee makes system calls and comes back */
NOINLINE static uint64_t asks(int n, uint64_t x) {
    if (n == 0) return x + (getppid() > 0) + (sysconf(_SC_PAGESIZE) == 4096);
    uint64_t a = asks(n - 1, x + n);
    struct timeval now;
    if (n == 2) gettimeofday(&now, 0);
    KEEP(a);
    uint64_t b = n == 1 ? asks(0, a) : a;
    return a * 3 + b + x;
}

static void leaves(void) {
    uint64_t sum = 0;
    for (int i = 0; i < 3000; i++) sum = sum * 7 + asks(i % 6, i);
    printf("%llx\n", (unsigned long long)sum);
}

/* -- tails: calls in tail position, among several functions */
NOINLINE static uint64_t even(uint64_t n, uint64_t x);
NOINLINE static uint64_t odd(uint64_t n, uint64_t x) { return n ? even(n - 1, x * 3 + 1) : x; }
NOINLINE static uint64_t even(uint64_t n, uint64_t x) { return n ? odd(n - 1, x ^ n) : x + 5; }
typedef uint64_t (*function)(uint64_t, uint64_t);
static const function tails_of[] = {odd, even};
NOINLINE static uint64_t chosen(uint64_t n, uint64_t x) { return tails_of[n & 1](n, x); }

static void tails(void) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 3000; i++) sum = sum * 7 + chosen(i % 50, i) + odd(i & 7, sum);
    printf("%llx\n", (unsigned long long)(sum + even(3000000, 1)));
}

/* -- signals: handlers run while recursion is deep in translated code, and see sound registers */
static volatile sig_atomic_t seen;
static void count(int number) { sink += number; seen++; }
NOINLINE static uint32_t fib(uint32_t n) {
    if (n < 2) return n;
    uint32_t a = fib(n - 1);
    KEEP(a);
    uint32_t b = fib(n - 2);
    KEEP(b);
    return a + b;
}

static void signals(void) {
    struct sigaction action = {.sa_handler = count};
    sigaction(SIGALRM, &action, 0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, 0);
    int wrong = 0;
    while (seen < 50) wrong += fib(20) != 6765;
    printf("%d wrong\n", wrong);
}

/* -- processes: turns end in the middle of calls, others take over */
static void processes(void) {
    int ends[4][2];
    for (int p = 0; p < 4; p++) {
        pipe(ends[p]);
        if (fork() != 0) continue;
        uint64_t sum = 0;
        for (int i = 0; i < 60; i++) sum = sum * 3 + fib(14 + (i & 3)) + depth(i * 4, p, 2, 3);
        write(ends[p][1], &sum, 8);
        _exit(0);
    }
    for (int p = 0; p < 4; p++) {
        uint64_t sum = 0;
        read(ends[p][0], &sum, 8);
        printf("%llx\n", (unsigned long long)sum);
    }
}

/* -- forever: only a timeout ends it */
static void forever(void) {
    puts("on and on");
    fflush(stdout);
    for (;;) sink += fib(12);
}

int main(int count, char **arguments) {
    static const struct { const char *name; void (*run)(void); } cases[] = {
        {"deep", deep}, {"far", far_jumps}, {"elsewhere", elsewhere}, {"flags", flags}, {"floats", floats},
        {"leaves", leaves}, {"tails", tails}, {"signals", signals}, {"processes", processes}, {"forever", forever},
    };
    for (size_t i = 0; count > 1 && i < sizeof cases / sizeof *cases; i++)
        if (!strcmp(arguments[1], cases[i].name)) {
            cases[i].run();
            return 0;
        }
    return 2;
}
