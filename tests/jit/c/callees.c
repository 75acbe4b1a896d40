/* A loop whose callees are 1024 functions, none of them executed often; what comes behind the call is most of it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint32_t (*Function)(uint32_t);

#define F(n)                                                                                       \
    static __attribute__((noinline)) uint32_t f##n(uint32_t x) { return (x ^ n##u) * 2654435761u; }
#define F4(n) F(n##0) F(n##1) F(n##2) F(n##3)
#define F16(n) F4(n##0) F4(n##1) F4(n##2) F4(n##3)
#define F64(n) F16(n##0) F16(n##1) F16(n##2) F16(n##3)
#define F256(n) F64(n##0) F64(n##1) F64(n##2) F64(n##3)
#define N(n) f##n,
#define N4(n) N(n##0) N(n##1) N(n##2) N(n##3)
#define N16(n) N4(n##0) N4(n##1) N4(n##2) N4(n##3)
#define N64(n) N16(n##0) N16(n##1) N16(n##2) N16(n##3)
#define N256(n) N64(n##0) N64(n##1) N64(n##2) N64(n##3)
F256(1) F256(2) F256(3) F256(4)
static const Function functions[1024] = {N256(1) N256(2) N256(3) N256(4)};

static __attribute__((noinline)) uint32_t step(uint32_t x) {
    uint32_t y = functions[x >> 22](x);
#pragma GCC unroll 40
    for (int i = 0; i < 40; i++) y = (y ^ y >> (1 + i % 13)) * (0x9E3779B1u + 2 * i);
    return y;
}

int main(int argc, char **argv) {
    uint32_t x = 1;
    for (int i = atoi(argv[1]); i; i--) x = step(x) + i;
    printf("%x\n", x);
    return 0;
}
