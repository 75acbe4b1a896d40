/* Accesses that kill, from hot loops: argv[1] says which. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <emmintrin.h>

static const int constants[1024] = {1, 2, 3};

int main(int argc, char **argv) {
    volatile int *at = malloc(4096 * sizeof(int));
    __m128i *vectors = malloc(8192);
    uint64_t sum = 0;
    memset((void *)at, 0, 4096 * sizeof(int));
    printf("%s\n", argv[1]);
    fflush(stdout);
    for (int i = 0; i < 6000; i++) {
        if (i == 5000) {
            if (!strcmp(argv[1], "null")) at = 0;
            if (!strcmp(argv[1], "near_null")) at = (int *)-4096;
            if (!strcmp(argv[1], "high")) at = (int *)((uintptr_t)at | 1ull << 40);
            if (!strcmp(argv[1], "non_canonical")) at = (int *)((uintptr_t)at | 1ull << 62);
            if (!strcmp(argv[1], "above")) at = (int *)((uintptr_t)at + (1ull << 32));
            if (!strcmp(argv[1], "unmapped")) at = (int *)0x7fff0000;
            if (!strcmp(argv[1], "read_only")) at = (int *)constants;
            if (!strcmp(argv[1], "code")) at = (int *)(uintptr_t)&main;
            if (!strcmp(argv[1], "misaligned")) vectors = (__m128i *)((char *)vectors + 8);
            if (!strcmp(argv[1], "divide")) sum += 1 / (argc - 2);
        }
        at[i & 1023] += i;
        sum += at[(i * 7) & 1023];
        *(volatile __m128i *)(vectors + (i & 15)) = _mm_set1_epi32(i);
    }
    printf("alive %lu\n", sum);
    return 0;
}
