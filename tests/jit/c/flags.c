/* Each loop is left once, after many turns, by a branch that was never taken before: what stands there reads the flags
   that an instruction before the branch has set. */
#include <stdint.h>
#include <stdio.h>

#define TURNS 50000
#define FLAGS 0x8d5
#define LOGIC 0x8c5 /* AF is not defined */

#define LOOP(name, set, branch, mask)                                                    \
    static __attribute__((noinline)) uint64_t name(uint64_t a, uint64_t b) {             \
        uint64_t n = TURNS, seen = 0;                                                    \
        __asm__ volatile("1: mov %[b],%%rdx\n imul %[n],%%rdx\n " set "\n " branch " 2f\n" \
                         " dec %[n]\n jnz 1b\n jmp 3f\n"                                 \
                         "2: pushfq\n pop %[seen]\n3:\n"                                 \
                         : [n] "+r"(n), [seen] "+r"(seen)                                \
                         : [a] "r"(a), [b] "r"(b)                                        \
                         : "rdx", "rcx", "cc", "memory");                                \
        return (seen & (mask)) * 1000000 + n;                                            \
    }

LOOP(compared, "cmp %[a],%%rdx", "je", FLAGS)
LOOP(subtracted, "mov %%rdx,%%rcx\n sub %[a],%%rcx", "jb", FLAGS)
LOOP(added, "mov %%edx,%%ecx\n add %k[a],%%ecx", "jo", FLAGS)
LOOP(negated, "mov %%rdx,%%rcx\n sub %[a],%%rcx\n neg %%rcx", "jns", FLAGS)
LOOP(tested, "mov %%rdx,%%rcx\n xor %[a],%%rcx\n test %%ecx,%%ecx", "jz", LOGIC)
LOOP(stepped, "mov %%rdx,%%rcx\n sub %[a],%%rcx\n inc %%rcx", "jz", FLAGS)
LOOP(small, "mov %%rdx,%%rcx\n cmp %b[a],%%cl\n lea 1(%%rcx),%%rcx\n mov %%rcx,%%rdx", "jz", FLAGS)

int main(void) {
    printf("%lu\n", compared(77 * 3, 77));
    printf("%lu\n", subtracted(40 * 5, 5));
    printf("%lu\n", added(0x7fffffff - 49990 * 7, 7));
    printf("%lu\n", negated(90 * 3, 3));
    printf("%lu\n", tested(11 * 9, 9));
    printf("%lu\n", stepped(3 * 4 + 1, 4));
    printf("%lu\n", small(49000 & 0xff, 1));
    return 0;
}
