/* Every way in which an instruction traps.
 *
 * `faults CASE` lets it happen and should die of it.  `faults` alone has handlers: for each case it prints
 * what siginfo and ucontext say, then recovers by changing rip in the context; once more on an alternate
 * stack, recovering by siglongjmp.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "faults.h"

/* Where the pages lie: see prepare(). */
#define PAGE "0x20000000"      /* read and write; the next page is not mapped */
#define READ_ONLY "0x20002000"
#define NOTHING "0x20003000"   /* mapped without any permission */
#define DATA "0x20004000"      /* full of NOPs, but not executable */
#define CODE "0x20006000"      /* executable and readable; the next page is not mapped */
#define FILE_END "0x30000000"  /* the last page of a file, and one beyond it */

/* page faults */
FAULT(null_read, "xor %eax, %eax", "mov (%rax), %rbx")
FAULT(null_write, "xor %eax, %eax", "mov %rbx, 8(%rax)")
FAULT(null_update, "xor %eax, %eax", "add %rbx, 8(%rax)")
FAULT(unmapped_read, "mov $" PAGE ", %ebx", "mov 0x1010(%rbx), %al")
FAULT(unmapped_write, "mov $" PAGE ", %ebx", "movl $5, 0x1010(%rbx)")
FAULT(code_write, "lea at_code_write(%rip), %rdi", "stosb")
FAULT(code_update, "lea at_code_update(%rip), %rdi", "lock incl (%rdi)")
FAULT(constant_write, "lea constant(%rip), %rdi", "movups %xmm3, (%rdi)")
FAULT(read_only_write, "mov $" READ_ONLY ", %edi", "movq $1, (%rdi)")
FAULT(no_permission_read, "mov $" NOTHING ", %esi", "lodsq")
FAULT(no_permission_write, "mov $" NOTHING ", %edi", "xchg %rax, (%rdi)")
FAULT(crossing_read, "mov $" PAGE ", %ebx", "mov 0xffd(%rbx), %rax")
FAULT(crossing_write, "mov $" PAGE ", %ebx", "mov %rax, 0xffd(%rbx)")
FAULT(crossing_vector, "mov $" PAGE ", %ebx", "movups 0xff1(%rbx), %xmm3")
FAULT(kernel_read, "movabs $0xffffffff80000000, %rax", "mov (%rax), %al")
FAULT(last_page, "movabs $0x7fffffffeff9, %rax", "mov (%rax), %rax")
FAULT(beyond_file, "mov $" FILE_END ", %eax", "mov 0x1234(%rax), %al")
FAULT(push_unmapped, "", "mov $" PAGE "+0x1800, %esp; push %rax")
FAULT(repeated_store, "mov $" PAGE "+0xff0, %edi; mov $9, %ecx", "rep stosl")
FAULT(repeated_move, "mov $" PAGE "+0xff0, %esi; mov $" DATA ", %edi; mov $9, %ecx", "rep movsw")
FAULT(compared_at_once, "mov $" PAGE "+0xff0, %esi; mov $" PAGE "+0x1000, %edi; mov $9, %ecx", "repe cmpsb")
/* with the flags of equal bytes: whether they are set before the fault differs between makers */
FAULT_FLAGS(repeated_compare, "0x246", "mov $" PAGE "+0xffe, %esi; mov $" PAGE "+0xff0, %edi; mov $9, %ecx", "repe cmpsb")
FAULT_FLAGS(backwards, "0xe93", "mov $" READ_ONLY "+2, %edi; mov $9, %ecx", "rep stosb")

/* code that is not there */
FAULT(jump_nowhere, "mov $0x123456, %eax", "jmp *%rax")
FAULT(jump_null, "xor %eax, %eax", "jmp *%rax")
FAULT(call_null, "xor %eax, %eax", "call *%rax")
FAULT(return_nowhere, "movq $0x123456, -8(%rsp); sub $8, %rsp", "ret")
FAULT(execute_data, "mov $" DATA ", %eax", "jmp *%rax")
FAULT(execute_stack, "movq $-1, (%rsp)", "jmp *%rsp")
FAULT(execute_nothing, "mov $" NOTHING ", %eax", "call *%rax")
FAULT(crossing_code, "mov $" CODE "+0xffe, %eax", "jmp *%rax")
FAULT(jump_not_canonical, "movabs $0x800000000000, %rax", "jmp *%rax")
FAULT(call_not_canonical, "movabs $0x8000000000000000, %rax", "call *%rax")
FAULT(return_not_canonical, "mov %r15, (%rsp)", "ret")
FAULT(jump_kernel, "movabs $0xffffffffff000000, %rax", "jmp *%rax")

/* numbers */
FAULT(divide_by_zero, "xor %ecx, %ecx", "div %ecx")
FAULT(divide_memory, "movl $0, (%rsp)", "divl (%rsp)")
FAULT(divide_overflow, "mov $2, %ecx", "div %rcx")
FAULT(signed_overflow, "mov $0x80000000, %eax; cltd; mov $-1, %ecx", "idiv %ecx")
FAULT(byte_overflow, "mov $1, %cl", "div %cl")
FAULT(float_invalid, "movl $0x1f00, (%rsp); ldmxcsr (%rsp); xorps %xmm3, %xmm3", "divps %xmm3, %xmm3")
FAULT(float_zero, "movl $0x1d80, (%rsp); ldmxcsr (%rsp); xorps %xmm4, %xmm4", "divsd %xmm4, %xmm3")
FAULT(float_overflow, "movl $0x1b80, (%rsp); ldmxcsr (%rsp); movabs $0x7fe0000000000000, %rcx; movq %rcx, %xmm4",
      "mulsd %xmm4, %xmm4")
FAULT(float_underflow, "movl $0x1780, (%rsp); ldmxcsr (%rsp)", "mulsd %xmm3, %xmm3")
FAULT(float_inexact, "movl $0x0f80, (%rsp); ldmxcsr (%rsp)", "cvtsd2ss %xmm3, %xmm4")
FAULT(float_denormal, "movl $0x1e80, (%rsp); ldmxcsr (%rsp); mov $1, %ecx; movd %ecx, %xmm4", "addss %xmm4, %xmm3")

/* illegal instructions */
FAULT(illegal, "", "ud2")
FAULT(illegal_opcode, "", ".byte 0x06")
FAULT(illegal_lock, "", ".byte 0xf0, 0x48, 0x01, 0xc8")
FAULT(illegal_form, "", ".byte 0x8d, 0xc0")
FAULT(illegal_group, "", ".byte 0x0f, 0xc7, 0xc8")
FAULT(illegal_after_prefixes, "", ".byte 0x66, 0xf3, 0x2e, 0x0f, 0x0b")
FAULT(illegal_too_long, "", ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90")
FAULT(too_long, "", ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90")

/* traps and protection */
FAULT(breakpoint, "", "int3")
FAULT(long_breakpoint, "", ".byte 0xcd, 3")
FAULT(overflow_trap, "", "int $4")
FAULT(interrupt, "", "int $0x81")
FAULT(halt, "", "hlt")
FAULT(disable_interrupts, "", "cli")
FAULT(port_input, "", "in $0x80, %al")
FAULT(port_output, "", "outb %al, %dx")
FAULT(control_register, "", "mov %rax, %cr3")
FAULT(model_register, "", "rdmsr")
FAULT(bad_selector, "mov $0x1233, %eax", "mov %eax, %ds")
FAULT(null_stack_selector, "mov $3, %eax", "mov %eax, %ss")
FAULT(not_canonical_read, "", "mov (%r15, %rax), %rax")
FAULT(not_canonical_write, "", "mov %rax, (%r15)")
FAULT(not_canonical_stack, "", "mov (%rbp), %rax")
FAULT(not_canonical_stack_index, "", "mov %rax, 8(%rsp, %r15)")
FAULT(not_canonical_thread, "", "mov %fs:(%rbp), %rax")
FAULT(not_canonical_override, "", ".byte 0x3e; mov (%rbp), %rax")
FAULT(not_canonical_stack_override, "", ".byte 0x36; mov (%rbx, %rbx), %rax")
FAULT(not_canonical_push, "", "mov %r15, %rsp; push %rax")
FAULT(not_canonical_pop, "", "mov %r15, %rsp; pop (%rdi)")
FAULT(not_canonical_return, "", "mov %r15, %rsp; ret")
FAULT(not_canonical_call, "", "mov %r15, %rsp; call resume")
FAULT(not_canonical_leave, "", "leave")
FAULT(bad_mxcsr, "movl $0x11f80, (%rsp)", "ldmxcsr (%rsp)")

/* alignment */
FAULT(unaligned_load, "", "movaps 4(%rsp), %xmm3")
FAULT(unaligned_store, "", "movdqa %xmm3, 1(%rsp)")
FAULT(unaligned_operand, "", "paddd 8(%rsp), %xmm3")
FAULT(unaligned_stream, "", "movntdq %xmm3, 8(%rsp)")
FAULT(unaligned_unmapped, "xor %eax, %eax", "movaps 4(%rax), %xmm3")
FAULT(unaligned_exchange, "", "lock cmpxchg16b 8(%rsp)")
FAULT(unaligned_save, "", "fxsave -0x408(%rsp)")

/* in C */
const char constant[32] = "cannot be written";
static volatile int deep;

__attribute__((used)) long case_abort(void)
{
    abort();
}

__attribute__((noinline)) static int dig(int n)
{
    volatile char room[1000];
    room[n % 1000] = 1;
    deep = n;
    return dig(n + 1) + room[n % 7];
}

__attribute__((used)) long case_stack_overflow(void)
{
    return dig(0);
}

__asm__("at_abort: nop\n"
        "at_stack_overflow: nop\n" CASE(abort) CASE(stack_overflow));
extern char at_stack_overflow[], at_push_unmapped[];

static sigjmp_buf back;
static int by_jump; /* recover by siglongjmp, from an alternate stack */
static char *at;

/* Addresses of the stack differ between systems. */
static void place(const char *name, long p)
{
    if (p - start_sp < 0x10000 && start_sp - p < 0x10000)
        printf(" %s sp%+ld", name, p - start_sp);
    else if (p - (long)at < 16 && (long)at - p < 16)
        printf(" %s at%+ld", name, p - (long)at);
    else
        printf(" %s %lx", name, p);
}

static void deep_fault(int signal, siginfo_t *info, greg_t *r)
{
    printf("signal %d code %d near the stack pointer %d err %llx trap %lld deep %d\n", signal, info->si_code,
           llabs(r[REG_RSP] - (long)info->si_addr) < 8192, r[REG_ERR], r[REG_TRAPNO], deep > 1000);
    siglongjmp(back, 9);
}

static void show(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *r = u->uc_mcontext.gregs;
    unsigned *fxsave = (unsigned *)u->uc_mcontext.fpregs, *xmm3 = fxsave + 40 + 3 * 4;
    stack_t stack;
    unsigned mxcsr;
    if (at == at_stack_overflow)
        deep_fault(signal, info, r);
    printf("signal %d code %d errno %d", signal, info->si_code, info->si_errno);
    if (signal == SIGABRT)
        printf(" from self %d\n", info->si_pid == getpid());
    else {
        static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RBP, REG_RSI, REG_RDI, REG_R8,
                                    REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
        place("addr", (long)info->si_addr);
        place("rip", r[REG_RIP]);
        place("rsp", r[REG_RSP]);
        place("cr2", r[REG_CR2]);
        printf("\n  err %llx trap %lld flags %llx segments %llx mask %lx\n ", r[REG_ERR],
               r[REG_TRAPNO], r[REG_EFL], r[REG_CSGSFS], *(long *)&u->uc_sigmask);
        for (int i = 0; i < 15; i++)
            place("", r[order[i]]);
        printf("\n  mxcsr %x xmm3 %08x %08x\n", fxsave[6], xmm3[1], xmm3[0]);
    }
    sigaltstack(0, &stack);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    printf("  on alternate stack %d, frame below %d, mxcsr %x\n", stack.ss_flags & SS_ONSTACK,
           by_jump || (long)u < r[REG_RSP], mxcsr);
    if (by_jump || signal == SIGABRT)
        siglongjmp(back, 7);
    r[REG_RIP] = (long)resume;
    r[REG_RAX] = 0x5150;
    fxsave[6] = 0x1f80;
}

static void survive(int i)
{
    unsigned mxcsr = 0x1f80;
    int jumped;
    at = __start_cases[i].at;
    if (!by_jump && (at == at_stack_overflow || strstr(__start_cases[i].name, "push") ||
                     strstr(__start_cases[i].name, "canonical_")))
        return; /* perhaps no stack for a handler */
    printf("[%s] %s\n", __start_cases[i].name, by_jump ? "jump" : "context");
    if ((jumped = sigsetjmp(back, 1)))
        printf("  came back with %d\n", jumped);
    else
        printf("  returned %lx\n", __start_cases[i].run());
    __asm__ volatile("cld; ldmxcsr %0" : : "m"(mxcsr));
}

static void *pages(long at, int n, int protection)
{
    return mmap((void *)at, n * 4096L, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void prepare(void)
{
    struct stat status;
    int file = open("/proc/self/exe", O_RDONLY);
    pages(0x20000000, 8, PROT_READ | PROT_WRITE);
    memset((void *)0x20000000, 0x90, 0x7000); /* a page that was never touched faults otherwise */
    *(char *)0x20006fff = 0x48; /* an instruction that goes on in the next page */
    munmap((void *)0x20001000, 4096);
    mprotect((void *)0x20002000, 4096, PROT_READ);
    mprotect((void *)0x20003000, 4096, PROT_NONE);
    mprotect((void *)0x20006000, 4096, PROT_READ | PROT_EXEC);
    munmap((void *)0x20007000, 4096);
    fstat(file, &status);
    mmap((void *)0x30000000, 8192, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, (status.st_size - 1) & -4096);
    close(file);
}

int main(int argc, char **argv)
{
    int count = __stop_cases - __start_cases, signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    struct sigaction action = {.sa_sigaction = show, .sa_flags = SA_SIGINFO};
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    setvbuf(stdout, 0, _IOLBF, 0);
    prepare();
    for (int i = 0; argc > 1 && i < count; i++)
        if (!strcmp(argv[1], __start_cases[i].name)) {
            at = __start_cases[i].at;
            printf("survived with %lx\n", __start_cases[i].run());
            return 0;
        }
    for (by_jump = 0; by_jump < 2; by_jump++) {
        if (by_jump) {
            sigaltstack(&stack, 0);
            action.sa_flags |= SA_ONSTACK;
        }
        for (int i = 0; i < 6; i++)
            sigaction(signals[i], &action, 0);
        for (int i = 0; i < count; i++)
            survive(i);
    }
    return 0;
}
