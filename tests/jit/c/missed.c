/* An indirect jump behind an addition, whose flags are read where it hardly ever goes: at places before the table, to which
   the addition carries, and behind it. */
#include <stdint.h>
#include <stdio.h>

static uint64_t run(const uint8_t *at) {
    uint64_t sum = 0;
    __asm__ volatile(
        "jmp 1f\n"
        "10: pushfq\n pop %%rax\n and $0x8d5, %%eax\n imul $31, %0, %0\n add %%rax, %0\n jmp 1f\n"
        "11: setc %%al\n movzbl %%al, %%eax\n lea 7(%0, %%rax), %0\n jmp 1f\n"
        "12: add $3, %0\n jmp 1f\n"
        "13: xor $0x55, %0\n jmp 1f\n"
        "14: rol $5, %0\n jmp 1f\n"
        "15: sub $9, %0\n jmp 1f\n"
        "16: add $5, %0\n jmp 1f\n"
        "17: imul $17, %0, %0\n jmp 1f\n"
        "1: movzbl (%1), %%eax\n inc %1\n lea 2f(%%rip), %%rdx\n"
        "movslq (%%rdx, %%rax, 4), %%rcx\n add %%rdx, %%rcx\n jmp *%%rcx\n"
        "2: .long 12b-2b, 13b-2b, 14b-2b, 15b-2b, 16b-2b, 17b-2b, 20f-2b, 21f-2b, 22f-2b, 23f-2b\n"
        ".long 24f-2b, 25f-2b, 10b-2b, 11b-2b, 26f-2b, 27f-2b, 28f-2b\n"
        "20: add $77, %0\n jmp 1b\n"
        "21: xor $0x99, %0\n jmp 1b\n"
        "22: ror $3, %0\n jmp 1b\n"
        "23: sub $19, %0\n jmp 1b\n"
        "24: add $15, %0\n jmp 1b\n"
        "25: imul $7, %0, %0\n jmp 1b\n"
        "26: pushfq\n pop %%rax\n and $0x8d5, %%eax\n imul $37, %0, %0\n add %%rax, %0\n jmp 1b\n"
        "27: setc %%al\n setp %%ah\n movzwl %%ax, %%eax\n add %%rax, %0\n jmp 1b\n"
        "28:\n"
        : "+r"(sum), "+r"(at)
        :
        : "rax", "rcx", "rdx", "memory", "cc");
    return sum;
}

int main(void) {
    static uint8_t code[60001];
    uint32_t seed = 1;
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 60000; i++) {
            seed = seed * 1664525 + 1013904223;
            code[i] = (seed >> 20) % 12;
            if (round > 40 && (seed >> 8) % 3001 == 0)
                code[i] = 12 + (seed >> 20) % 4;
        }
        code[60000] = 16;
        printf("%lx\n", (unsigned long)run(code));
    }
    return 0;
}
