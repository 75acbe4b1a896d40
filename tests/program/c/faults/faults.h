/* A fault is one instruction between known registers.
 *
 * FAULT(name, setup, instruction) makes the function `case_name`: every register gets a value of its own,
 * `setup` may change some, the flags are set, and `instruction` at the label `at_name` traps.  Who comes back
 * (from the instruction, or by a handler that sends rip to `resume`) returns with what is then in rax.
 */
#define FAULT(name, setup, instruction) FAULT_FLAGS(name, "0xad7", setup, instruction)

#define FAULT_FLAGS(name, flags, setup, instruction) \
    __asm__(".text\n" \
            "case_" #name ":\n" \
            "call enter\n" setup "\n" \
            "pushq $" flags "\n" \
            "popfq\n" \
            "at_" #name ":\n" instruction "\n" \
            "jmp survived\n" \
            CASE(name));

/* A row of the table of cases, which the linker puts together. */
#define CASE(name) \
    ".pushsection .rodata\n" \
    "name_" #name ": .asciz \"" #name "\"\n" \
    ".popsection\n" \
    ".pushsection cases, \"aw\"\n" \
    ".quad name_" #name ", case_" #name ", at_" #name "\n" \
    ".popsection\n"

extern struct {
    const char *name;
    long (*run)(void);
    char *at;
} __start_cases[], __stop_cases[];

/* `enter` swaps to a stack of its own below the caller's, so that rsp is a multiple of 4096 at the fault;
 * the caller's is kept in caller_sp. */
__asm__(".data\n"
        "caller_sp: .quad 0\n"
        "start_sp: .quad 0\n"
        ".text\n"
        "enter:\n"
        "pop %rax\n"
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, caller_sp(%rip)\n"
        "sub $0x2000, %rsp; and $-4096, %rsp\n"
        "mov %rsp, start_sp(%rip)\n"
        "push %rax\n"
        "movabs $0x0101010101010101, %rax; movq %rax, %xmm3\n"
        "movabs $0x0202020202020202, %rcx; movabs $0x0303030303030303, %rdx\n"
        "movabs $0x0404040404040404, %rbx; movabs $0x0505050505050505, %rbp\n"
        "movabs $0x0606060606060606, %rsi; movabs $0x0707070707070707, %rdi\n"
        "movabs $0x8808080808080808, %r8; movabs $0x9909090909090909, %r9\n"
        "movabs $0xaa10101010101010, %r10; movabs $0xbb11111111111111, %r11\n"
        "movabs $0xcc12121212121212, %r12; movabs $0xdd13131313131313, %r13\n"
        "movabs $0xee14141414141414, %r14; movabs $0xff15151515151515, %r15\n"
        "ret\n"
        ".globl resume, start_sp\n"
        "survived:\n"
        "mov $0x600d, %eax\n"
        "resume:\n"
        "cld\n"
        "mov caller_sp(%rip), %rsp\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "ret\n");

extern char resume[];
extern long start_sp;
