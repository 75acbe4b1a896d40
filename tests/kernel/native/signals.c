/* Faults, handlers, masks and the frame a handler sees. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int handled;

static void show(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *r = u->uc_mcontext.gregs;
    printf("%d code %d addr %p err %llx trap %lld cr2 %#llx mask %lx\n", signal, info->si_code,
           info->si_addr, r[REG_ERR], r[REG_TRAPNO], r[REG_CR2], *(long *)&u->uc_sigmask);
    printf("uc_flags %lx csgsfs %llx uc %d info %d fp %d sp %d\n", u->uc_flags & ~1, r[REG_CSGSFS],
           (int)((long)u % 16), (int)((char *)info - (char *)u), (int)((long)u->uc_mcontext.fpregs % 64),
           (long)u < r[REG_RSP]);
    printf("stack %d %lx\n", u->uc_stack.ss_flags, (long)u->uc_stack.ss_size);
    siglongjmp(back, 1);
}

static void count(int signal)
{
    handled++;
    printf("handler %d\n", signal);
}

#define TRY(what) \
    do { \
        puts(#what); \
        if (!sigsetjmp(back, 1)) { \
            what; \
        } \
    } while (0)

static void integers(int signal, siginfo_t *info, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    printf("rax %llx rbx %llx r15 %llx flags %llx\n", r[REG_RAX], r[REG_RBX], r[REG_R15], r[REG_EFL]);
    struct _libc_fpstate *fp = ((ucontext_t *)context)->uc_mcontext.fpregs;
    printf("mxcsr %x xmm5 %x cwd %x\n", fp->mxcsr, fp->_xmm[5].element[0], fp->cwd);
    r[REG_RAX] = 77;
    r[REG_RIP] += 2;
    fp->_xmm[5].element[0] = 0x1234;
}

int main(void)
{
    struct sigaction a = {.sa_sigaction = show, .sa_flags = SA_SIGINFO};
    int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    volatile int zero = 0;
    char *page = mmap((void *)0x20000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    setvbuf(stdout, 0, _IOLBF, 0);
    *page = 1;
    mprotect(page, 4096, PROT_READ);
    sigaddset(&a.sa_mask, SIGUSR2);
    for (int i = 0; i < 5; i++)
        sigaction(faults[i], &a, 0);
    TRY(*(volatile int *)0x10);
    TRY(*(volatile int *)0x10 = 1);
    TRY(page[5] = 1);
    TRY(((void (*)(void))page)());
    TRY(((void (*)(void))0x1234)());
    TRY(zero = 1 / zero);
    TRY(__asm__ volatile("ud2"));
    TRY(*(volatile char *)0x8000000000000000);
    TRY(__asm__ volatile("int3"));
    TRY(__asm__ volatile("hlt"));

    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    printf("sigaltstack %d\n", sigaltstack(&stack, 0));
    a.sa_flags |= SA_ONSTACK;
    sigaction(SIGSEGV, &a, 0);
    TRY(__asm__ volatile("mov $0x40, %rsp; push %rax"));

    struct sigaction regs = {.sa_sigaction = integers, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &regs, 0);
    unsigned mxcsr = 0x7f80, low = 42;
    long rax = 5, xmm = 0;
    __asm__ volatile("ldmxcsr %2; movd %3, %%xmm5; mov $0xbbb, %%ebx; mov $0xfff, %%r15d; xor %%ecx, %%ecx\n"
                     "ud2\n"
                     "movd %%xmm5, %%ecx; mov %%rcx, %1"
                     : "+a"(rax), "=m"(xmm)
                     : "m"(mxcsr), "m"(low)
                     : "rbx", "rcx", "r15", "xmm5");
    printf("rax %ld xmm5 %lx\n", rax, xmm);

    sigset_t set, old;
    signal(SIGUSR1, count);
    signal(SIGUSR2, count);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigprocmask(SIG_SETMASK, &old, 0);
    printf("handled %d\n", handled);
    abort();
}
