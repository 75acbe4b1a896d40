/* REP STOS of few elements, on one page and across the end of one. */
#include <stdio.h>
#include <string.h>

static unsigned char bytes[12288], expected[12288];

#define FILL(suffix, type)                                                                     \
    static int fill_##suffix(long at, long count, unsigned long value) {                       \
        void *to = bytes + at;                                                                 \
        long left = count;                                                                     \
        memset(bytes, 1, sizeof bytes);                                                        \
        memset(expected, 1, sizeof expected);                                                  \
        asm volatile("rep stos" #suffix : "+D"(to), "+c"(left) : "a"(value) : "memory");       \
        for (long i = 0; i < count; i++)                                                       \
            memcpy(expected + at + i * sizeof(type), &value, sizeof(type));                    \
        return left || to != bytes + at + count * sizeof(type) ||                              \
               memcmp(bytes, expected, sizeof bytes);                                          \
    }
FILL(b, char)
FILL(w, short)
FILL(l, int)
FILL(q, long)

int main(void) {
    int wrong = 0;
    for (long at = 4080; at < 4100; at += 3)
        for (long count = 0; count < 80; count++) {
            unsigned long value = 0x1122334455667788 + count;
            wrong |= fill_b(at, count, value) | fill_w(at, count, value) << 1;
            wrong |= fill_l(at, count, value) << 2 | fill_q(at, count, value) << 3;
        }
    printf("%d\n", wrong);
    return wrong;
}
