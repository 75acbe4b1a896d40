/* Integer arithmetic in every width, as the compiler makes it. */
#include "check.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

static const int64_t edges[] = {0, 1, -1, 2, 7, -8, 100, INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN, INT32_MAX, INT32_MIN,
                                UINT32_MAX, INT64_MAX, INT64_MIN, 0x123456789abcdef, -0x7654321};
#define COUNT (int)(sizeof edges / sizeof *edges)

#define OPERATIONS(type, name) \
    __attribute__((noinline)) static uint64_t name(uint64_t hash, type a, type b) { \
        hash = mix(hash, (uint64_t)(type)(a + b)); hash = mix(hash, (uint64_t)(type)(a - b)); \
        hash = mix(hash, (uint64_t)(type)(a * b)); \
        if (b && !(b == (type)-1 && (type)-1 < 0)) { \
            hash = mix(hash, (uint64_t)(type)(a / b)); hash = mix(hash, (uint64_t)(type)(a % b)); \
        } \
        unsigned n = (unsigned)b % (8 * sizeof(type)); \
        hash = mix(hash, (uint64_t)(type)(a << n)); hash = mix(hash, (uint64_t)(type)(a >> n)); \
        hash = mix(hash, (uint64_t)(type)(a & b)); hash = mix(hash, (uint64_t)(type)(a | b)); \
        hash = mix(hash, (uint64_t)(type)(a ^ b)); hash = mix(hash, (uint64_t)(type)~a); \
        hash = mix(hash, (a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3); \
        hash = mix(hash, (uint64_t)(type)(a / 3)); hash = mix(hash, (uint64_t)(type)(a % 10)); \
        hash = mix(hash, (uint64_t)(type)(a / 7 * 1000)); \
        type sum, product; \
        hash = mix(hash, __builtin_add_overflow(a, b, &sum)); \
        hash = mix(hash, __builtin_mul_overflow(a, b, &product)); \
        return mix(hash, (uint64_t)sum ^ (uint64_t)product); \
    }

OPERATIONS(int8_t, on_i8) OPERATIONS(uint8_t, on_u8) OPERATIONS(int16_t, on_i16) OPERATIONS(uint16_t, on_u16)
OPERATIONS(int32_t, on_i32) OPERATIONS(uint32_t, on_u32) OPERATIONS(int64_t, on_i64) OPERATIONS(uint64_t, on_u64)
OPERATIONS(s128, on_i128) OPERATIONS(u128, on_u128)

static uint64_t bit_tricks(uint64_t hash, uint64_t x) {
    hash = mix(hash, __builtin_popcountll(x));
    hash = mix(hash, __builtin_parityll(x));
    if (x) hash = mix(hash, __builtin_clzll(x) << 8 | __builtin_ctzll(x));
    if ((uint32_t)x) hash = mix(hash, __builtin_clz((uint32_t)x) << 8 | __builtin_ctz((uint32_t)x));
    hash = mix(hash, __builtin_bswap64(x)); hash = mix(hash, __builtin_bswap32((uint32_t)x));
    hash = mix(hash, __builtin_bswap16((uint16_t)x));
    for (int n = 0; n < 64; n += 5) hash = mix(hash, x << n | x >> (-n & 63));
    for (int n = 0; n < 32; n += 3) hash = mix(hash, (uint32_t)((uint32_t)x >> n | (uint32_t)x << (-n & 31)));
    return hash;
}

static uint64_t power(uint64_t base, uint64_t exponent, uint64_t modulus) {
    u128 result = 1, square = base % modulus;
    for (; exponent; exponent >>= 1, square = square * square % modulus)
        if (exponent & 1) result = result * square % modulus;
    return (uint64_t)result;
}

int main(void) {
    uint64_t hash[10] = {0}, bits = 0;
    for (int i = 0; i < COUNT; i++) for (int j = 0; j < COUNT; j++) {
        int64_t a = edges[i], b = edges[j];
        hash[0] = on_i8(hash[0], a, b); hash[1] = on_u8(hash[1], a, b); hash[2] = on_i16(hash[2], a, b);
        hash[3] = on_u16(hash[3], a, b); hash[4] = on_i32(hash[4], a, b); hash[5] = on_u32(hash[5], a, b);
        hash[6] = on_i64(hash[6], a, b); hash[7] = on_u64(hash[7], a, b);
        hash[8] = on_i128(hash[8], (s128)a * 0x100000001, (s128)b << (j % 60)); hash[9] = on_u128(hash[9], (u128)a * 12345, b);
        bits = bit_tricks(bits, (uint64_t)a ^ (uint64_t)b << 7);
    }
    for (int i = 0; i < 10; i++) printf("%d: %016llx\n", i, (unsigned long long)hash[i]);
    printf("bits %016llx\n", (unsigned long long)bits);
    printf("%llu\n", (unsigned long long)power(3, 1000000006, 1000000007));
    printf("%llu\n", (unsigned long long)power(0xdeadbeefcafe, 0x123456789abcdef, 18446744073709551557ull));
    unsigned char bytes[64];
    for (int i = 0; i < 64; i++) bytes[i] = (unsigned char)(i * 37);
    long cells[8];
    memcpy(cells, bytes, 64);
    __atomic_fetch_add(&cells[0], 5, __ATOMIC_SEQ_CST);
    __atomic_fetch_xor(&cells[1], 99, __ATOMIC_SEQ_CST);
    long expected = cells[2];
    int swapped = __atomic_compare_exchange_n(&cells[2], &expected, 7, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    swapped += 2 * __atomic_compare_exchange_n(&cells[3], &expected, 7, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    long old = __atomic_exchange_n(&cells[4], 1, __ATOMIC_SEQ_CST);
    printf("%d %lx %016llx\n", swapped, old, (unsigned long long)mix_bytes(0, cells, 64));
    struct { unsigned a : 3; int b : 5; unsigned long c : 40; } field = {1, -3, 0xfffffffff};
    field.a++; field.b *= 3; field.c += 7;
    printf("%u %d %lx\n", field.a, field.b, (unsigned long)field.c);
    return 0;
}
