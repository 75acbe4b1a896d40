/* Functions whose stack is not where their caller's calls left it, or ends near to where they are: the window that
   translated code looks at when they start is wrong for what comes, or not all allowed. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
static void *kept[2];

/* Goes on where the other stack was left, and comes back from there. */
__asm__(".text\n"
        "swap: push %rbx\n push %rbp\n mov %rsp,(%rdi)\n mov (%rsi),%rsp\n pop %rbp\n pop %rbx\n ret\n"
        /* Comes back with the stack 16 bytes higher, as a callee that takes its arguments away. */
        "taking: mov 8(%rsp),%rax\n add 16(%rsp),%rax\n ret $16\n"
        "taken: push %rbx\n push %rdi\n push %rsi\n call taking\n mov %rax,%rbx\n"
        "  push %rbx\n push %rbx\n call taking\n mov %rax,%rdx\n mov %rbx,%rax\n add %rdx,%rax\n pop %rbx\n ret\n"
        /* The function on another stack. */
        "on: push %rbp\n mov %rsp,%rbp\n mov %rdx,%rsp\n mov %rsi,%rax\n call *%rax\n mov %rbp,%rsp\n pop %rbp\n ret\n");
void swap(void **from, void **to);
uint64_t taken(uint64_t a, uint64_t b);
uint64_t on(uint64_t n, uint64_t (*f)(uint64_t), void *top);

static uint64_t passed;

static __attribute__((noinline)) void other(void) {
    uint64_t own = 1;
    for (;;) {
        own = own * 3 + passed;
        passed ^= own >> 7;
        swap(&kept[1], &kept[0]);
    }
}

static __attribute__((noinline)) uint64_t step(uint64_t n) {
    volatile uint64_t a = n, b = n * 5;
    passed += a;
    swap(&kept[0], &kept[1]);
    return passed + a + b;
}

/* Far down only for odd numbers. */
static __attribute__((noinline)) uint64_t deep(uint64_t n) {
    volatile uint64_t first = n;
    if (n & 1) {
        volatile char room[1500];
        room[0] = 1;
        room[1499] = 2;
        first += room[0] + room[1499];
    }
    return first * 3;
}

static __attribute__((noinline)) uint64_t even(uint64_t n) { return deep(n & ~1ul) + deep((n & ~1ul) + 2); }
static __attribute__((noinline)) uint64_t any(uint64_t n) { return deep(n) + deep(n + 1); }

int main(void) {
    char *stacks = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(stacks, PAGE, PROT_NONE);
    mprotect(stacks + 4 * PAGE, PAGE, PROT_NONE);
    uint64_t *top = (uint64_t *)(stacks + 8 * PAGE);
    top[-2] = (uint64_t)other;
    kept[1] = top - 4;
    uint64_t sum = 0;
    for (int i = 0; i < 60000; i++) sum = sum * 7 + step(i);
    printf("swapped %lx\n", sum);
    for (int i = 0; i < 60000; i++) sum += taken(i, sum);
    printf("taken %lx\n", sum);
    char *end = stacks + 4 * PAGE; /* its stack ends at both sides */
    for (int i = 0; i < 60000; i++) sum = sum * 5 + on(i, any, end);
    for (int i = 0; i < 60000; i++) sum = sum * 5 + on(i, even, stacks + PAGE + 256 + i % 64 * 16);
    printf("near the ends %lx\n", sum);
    return 0;
}
