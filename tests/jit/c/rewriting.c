/* Instructions that overwrite the next instruction, by every kind of store; a small compiler that generates, runs and
   rewrites thousands of functions.  argv[1] says which. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

typedef uint64_t (*function)(uint64_t, uint64_t);
enum { PAGE = 4096, ALL = PROT_READ | PROT_WRITE | PROT_EXEC };

static uint8_t *map(int prot, size_t n) {
    return mmap(0, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* -- stores to what follows ---------------------------------------------------------------------
   Each piece is a loop of rdi rounds.  In it stands `add eax, IMM8` (83 c0 IMM), behind a store that writes IMM: the
   round's number, low byte.  rsi is the address of IMM. */
enum { MOV, XCHG, ADD, LOCK, STOS, MOVS, MOVD, FLAGS, STORES };
static const char *const NAMES[STORES] = {"mov", "xchg", "add", "lock", "stos", "movs", "movd", "flags"};

static size_t put(uint8_t *at, const char *bytes, size_t n) {
    memcpy(at, bytes, n);
    return n;
}
#define PUT(bytes) n += put(at + n, bytes, sizeof bytes - 1)

/* `offset`: where in the page the piece begins, so that some lie across two pages. */
static uint64_t stores(int which, uint8_t *page, int offset, uint64_t rounds) {
    uint8_t *at = page + offset;
    size_t n = 0, head, imm;
    uint8_t *source = page + 2 * PAGE; /* bytes to copy */
    PUT("\x31\xc0\x31\xc9");                                  /* xor eax, eax; xor ecx, ecx */
    head = n;
    switch (which) {
    case MOV: PUT("\x40\x88\x3e"); break;                     /* mov [rsi], dil */
    case XCHG: PUT("\x89\xfa\x86\x16"); break;                /* mov edx, edi; xchg [rsi], dl */
    case ADD: PUT("\x80\x06\x03"); break;                     /* add byte [rsi], 3 */
    case LOCK: PUT("\xf0\x80\x06\x05"); break;                /* lock add byte [rsi], 5 */
    case STOS:                                                /* push rax, rdi; stosb of dil to [rsi]; pop */
        PUT("\x50\x57\x89\xf8\x48\x89\xf7\xaa\x5f\x58");
        break;
    case MOVS:                                                /* rep movsb of one byte from [r8] */
        PUT("\x57\x56\x41\x88\x38\x48\x89\xf7\x4c\x89\xc6\x51\xb9\x01\x00\x00\x00\xf3\xa4\x59\x5e\x5f");
        break;
    case MOVD:                                                /* dil through xmm0 */
        PUT("\x66\x0f\x6e\xc7\x66\x0f\x7e\xc2\x88\x16");
        break;
    case FLAGS: PUT("\x83\xff\x09\x40\x88\x3e"); break;       /* cmp edi, 9; mov [rsi], dil */
    }
    PUT("\x83\xc0");                                          /* add eax, IMM8 */
    imm = n++;
    at[imm] = 1;
    PUT("\x83\xd1\x00");                                      /* adc ecx, 0 */
    PUT("\x48\xff\xcf\x0f\x85");                              /* dec rdi; jnz head */
    int32_t back = (int32_t)head - (int32_t)(n + 4);
    memcpy(at + n, &back, 4), n += 4;
    PUT("\x48\xc1\xe1\x20\x48\x09\xc8\xc3");                  /* shl rcx, 32; or rax, rcx; ret */
    register uint8_t *r8 __asm__("r8") = source;
    uint64_t rdi = rounds, rsi = (uint64_t)(at + imm), rax;
    __asm__ volatile("call *%[at]" : "=a"(rax), "+D"(rdi), "+S"(rsi), "+r"(r8) : [at] "r"(at)
                     : "rcx", "rdx", "xmm0", "memory", "cc");
    return rax;
}

/* Flags that the old instruction would have set, and the new one reads: cmp; mov [next], x; next. */
static uint64_t flags(uint8_t *at) {
    uint64_t sum = 0;
    /* xor eax,eax; cmp edi,esi; mov word [rip+0], 0xc083 -> 0xd083 (adc eax, imm8 for add eax, imm8); add eax, 5; ret */
    static const uint8_t code[] = {0x31, 0xc0, 0x39, 0xf7, 0x66, 0x89, 0x15, 0, 0, 0, 0, 0x83, 0xc0, 0x05, 0xc3};
    for (int i = 0; i < 4000; i++) {
        memcpy(at, code, sizeof code);
        uint64_t rax, rdi = i, rsi = 2000;
        __asm__ volatile("call *%[at]" : "=a"(rax), "+D"(rdi), "+S"(rsi)
                         : [at] "r"(at), "d"(i & 1 ? 0xd083ul : 0xc083ul) : "rcx", "memory", "cc");
        sum = sum * 3 + rax;
    }
    return sum;
}

static void run_stores(void) {
    uint8_t *page = map(ALL, 3 * PAGE);
    for (int which = 0; which < STORES; which++)
        for (int offset = 0; offset < 2; offset++) {
            uint64_t first = stores(which, page, offset ? PAGE - 9 : 64, 3000);
            uint64_t second = stores(which, page, offset ? PAGE - 9 : 64, 777);
            printf("%s %d %lx %lx\n", NAMES[which], offset, first, second);
        }
    printf("flags %lx\n", flags(page));
}

/* -- a compiler ----------------------------------------------------------------------------------
   Functions of (rdi, rsi): a loop of rsi rounds over random operations on rax and rdi.  The same operations are done
   here in C. */
typedef struct { uint8_t op; uint32_t imm; } step;

static uint64_t seed = 12345;
static uint32_t random32(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 33;
}

static size_t compile(uint8_t *at, const step *steps, int count) {
    static const uint8_t ops[5][2] = {{0x48, 0x05}, {0x48, 0x2d}, {0x48, 0x35}, {0x48, 0x0d}, {0x48, 0x69}};
    size_t n = 0, head;
    PUT("\x48\x89\xf8");                                      /* mov rax, rdi */
    head = n;
    for (int i = 0; i < count; i++) {
        at[n++] = ops[steps[i].op][0], at[n++] = ops[steps[i].op][1];
        if (steps[i].op == 4) at[n++] = 0xc0;                 /* imul rax, rax, imm */
        memcpy(at + n, &steps[i].imm, 4), n += 4;
    }
    PUT("\x48\xc1\xc8\x07\x48\x01\xf8\x48\xff\xce\x0f\x85");  /* ror rax, 7; add rax, rdi; dec rsi; jnz head */
    int32_t back = (int32_t)head - (int32_t)(n + 4);
    memcpy(at + n, &back, 4), n += 4;
    PUT("\xc3");
    return n;
}

static uint64_t interpret(const step *steps, int count, uint64_t a, uint64_t rounds) {
    uint64_t x = a;
    while (rounds--) {
        for (int i = 0; i < count; i++) {
            uint64_t imm = (int64_t)(int32_t)steps[i].imm;
            switch (steps[i].op) {
            case 0: x += imm; break;
            case 1: x -= imm; break;
            case 2: x ^= imm; break;
            case 3: x |= imm; break;
            case 4: x *= imm; break;
            }
        }
        x = (x >> 7 | x << 57) + a;
    }
    return x;
}

enum { SLOTS = 64, SLOT = 256 };

static void run_compiler(int protect, int functions, int rounds) {
    uint8_t *buffer = map(protect ? PROT_READ | PROT_EXEC : ALL, SLOTS * SLOT);
    static step steps[SLOTS][16];
    static int counts[SLOTS];
    uint64_t sum = 0;
    int wrong = 0;
    for (int i = 0; i < functions; i++) {
        int slot = random32() % SLOTS;
        counts[slot] = 1 + random32() % 16;
        for (int k = 0; k < counts[slot]; k++) steps[slot][k] = (step){random32() % 5, random32()};
        if (protect) mprotect(buffer, SLOTS * SLOT, PROT_READ | PROT_WRITE);
        compile(buffer + slot * SLOT, steps[slot], counts[slot]);
        if (protect) mprotect(buffer, SLOTS * SLOT, PROT_READ | PROT_EXEC);
        for (int k = 0; k < 3; k++) {
            int other = k ? (int)(random32() % SLOTS) : slot;
            if (!counts[other]) continue;
            uint64_t a = random32(), n = 1 + random32() % rounds;
            uint64_t got = ((function)(buffer + other * SLOT))(a, n);
            wrong += got != interpret(steps[other], counts[other], a, n);
            sum = sum * 31 + got;
        }
    }
    printf("wrong %d sum %lx\n", wrong, sum);
}

/* -- copies of code in other processes and at other places ---------------------------------------- */
static void run_copies(const char *self) {
    uint8_t *page = map(ALL, PAGE);
    step a = {0, 5}, b = {4, 7};
    fflush(stdout);
    for (int i = 0; i < 6; i++) {
        compile(page, i & 1 ? &b : &a, 1);
        printf("before %lx\n", ((function)page)(3, 3000));
        fflush(stdout);
        if (fork() == 0) { /* it changes its own copy of code that has been translated */
            printf("child %lx\n", ((function)page)(4, 3000));
            compile(page, i & 1 ? &a : &b, 1);
            printf("child %lx\n", ((function)page)(5, 3000));
            fflush(stdout);
            if (i > 3) execl(self, self, "compiler", "20", NULL);
            _exit(0);
        }
        wait(NULL);
        printf("behind %lx\n", ((function)page)(3, 3000));
    }
    /* the same file at two places, then another one where the first was */
    char name[] = "/tmp/codeXXXXXX";
    int file = mkstemp(name);
    uint8_t code[PAGE] = {0};
    compile(code, &a, 1);
    write(file, code, PAGE);
    compile(code, &b, 1);
    write(file, code, PAGE);
    uint8_t *one = mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    uint8_t *two = mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    printf("twice %lx %lx\n", ((function)one)(1, 3000), ((function)two)(2, 3000));
    mmap(one, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, PAGE);
    printf("other %lx %lx\n", ((function)one)(1, 3000), ((function)two)(2, 3000));
    /* a file's page that is written to where it lies */
    mprotect(two, PAGE, ALL);
    compile(two, &b, 1);
    printf("own %lx %lx\n", ((function)one)(1, 3000), ((function)two)(1, 3000));
    mremap(two, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, one);
    printf("moved %lx\n", ((function)one)(6, 3000));
    madvise(one, PAGE, MADV_DONTNEED); /* the file's bytes again */
    printf("dropped %lx\n", ((function)one)(6, 3000));
    unlink(name);
}

/* -- code that goes away while it is hot ------------------------------------------------------------ */
static volatile int faults;
static void on_fault(int number, siginfo_t *info, void *context) {
    (void)info;
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
    faults += number == SIGSEGV;
    gregs[REG_RIP] = *(uint64_t *)gregs[REG_RSP]; /* return from the function that is not there */
    gregs[REG_RSP] += 8;
    gregs[REG_RAX] = 42;
}

static void run_gone(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    for (int way = 0; way < 3; way++) {
        uint8_t *page = map(ALL, PAGE);
        step a = {0, 5};
        compile(page, &a, 1);
        uint64_t first = 0, last;
        for (int i = 0; i < 3000; i++) first += ((function)page)(i, 3);
        if (way == 0) mprotect(page, PAGE, PROT_READ);
        if (way == 1) munmap(page, PAGE);
        if (way == 2) mprotect(page, PAGE, PROT_NONE);
        last = ((function)page)(7, 3);
        printf("gone %lx %lu %d\n", first, last, faults);
        if (way != 1) {
            mprotect(page, PAGE, PROT_READ | PROT_EXEC);
            printf("back %lx\n", ((function)page)(7, 3));
        }
    }
}

/* -- ENTER that faults behind its first writes, over the frame that it copies ------------------------ */
static uint64_t *frames;
static int entered;
static void on_enter(int number, siginfo_t *info, void *context) {
    (void)info, (void)number;
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
    uint64_t sum = 0;
    for (int i = 0; i < 512; i++) sum = sum * 31 + (frames[i] - (uint64_t)frames) * !!frames[i];
    entered++;
    printf("enter %d %ld %ld %lx\n", entered, (long)(gregs[REG_RSP] - (greg_t)frames),
           (long)(gregs[REG_RBP] - (greg_t)frames), sum);
    gregs[REG_RIP] = gregs[REG_RBX];
}

static void run_enter(void) {
    static uint8_t stack[65536];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, 0);
    struct sigaction action = {.sa_sigaction = on_enter, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, 0);
    uint8_t *pages = map(PROT_READ | PROT_WRITE, 3 * PAGE);
    mprotect(pages, PAGE, PROT_NONE);
    frames = (uint64_t *)(pages + PAGE);
    for (int i = 0; i < 1500; i++) {
        for (int k = 0; k < 512; k++) frames[k] = (uint64_t)(frames + k * 7);
        uint64_t rsp = (uint64_t)(frames + (i < 1490 ? 200 : 3 + i % 4)), rbp = rsp + (i % 5) * 8;
        __asm__ volatile(
            "mov %%rsp, %%r12\n mov %%rbp, %%r13\n lea 1f(%%rip), %%rbx\n"
            "mov %0, %%rsp\n mov %1, %%rbp\n"
            "enter $16, $9\n"
            "1: mov %%r12, %%rsp\n mov %%r13, %%rbp\n"
            :: "r"(rsp), "r"(rbp) : "rbx", "r12", "r13", "memory", "cc");
    }
    uint64_t sum = 0;
    for (int i = 0; i < 512; i++) sum = sum * 31 + (frames[i] - (uint64_t)frames);
    printf("entered %d %lx\n", entered, sum);
}

int main(int argc, char **argv) {
    const char *what = argv[1];
    int n = argc > 2 ? atoi(argv[2]) : 1500;
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    if (!strcmp(what, "stores")) run_stores();
    if (!strcmp(what, "compiler")) run_compiler(0, n, 40);
    if (!strcmp(what, "protecting")) run_compiler(1, n, 40);
    if (!strcmp(what, "hot")) run_compiler(0, n, 20000);
    if (!strcmp(what, "copies")) run_copies(argv[0]);
    if (!strcmp(what, "gone")) run_gone();
    if (!strcmp(what, "enter")) run_enter();
    return 0;
}
