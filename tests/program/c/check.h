/* What every test program needs: a line for each step, with errno by name where it failed. */
#ifndef CHECK_H
#define CHECK_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((unused)) static const char *error_name(int error) {
    switch (error) {
    case 0: return "ok";
    case EPERM: return "EPERM";
    case ENOENT: return "ENOENT";
    case EINTR: return "EINTR";
    case EBADF: return "EBADF";
    case ECHILD: return "ECHILD";
    case EAGAIN: return "EAGAIN";
    case ENOMEM: return "ENOMEM";
    case EACCES: return "EACCES";
    case EFAULT: return "EFAULT";
    case EEXIST: return "EEXIST";
    case ENOTDIR: return "ENOTDIR";
    case EISDIR: return "EISDIR";
    case EINVAL: return "EINVAL";
    case ENOTTY: return "ENOTTY";
    case ESPIPE: return "ESPIPE";
    case EPIPE: return "EPIPE";
    case ELOOP: return "ELOOP";
    case ENOTEMPTY: return "ENOTEMPTY";
    case ENAMETOOLONG: return "ENAMETOOLONG";
    case ESRCH: return "ESRCH";
    default: return strerror(error);
    }
}

/* Print what an expression gives: its value, or why it failed. */
#define SHOW(expression) do { \
        errno = 0; \
        long value_ = (long)(expression); \
        if (value_ == -1 && errno) printf("%s: %s\n", #expression, error_name(errno)); \
        else printf("%s = %ld\n", #expression, value_); \
        fflush(stdout); \
    } while (0)

/* Print only whether it succeeded: for values that differ from run to run. */
#define DONE(expression) do { \
        errno = 0; \
        printf("%s: %s\n", #expression, (long)(expression) == -1 ? error_name(errno) : "ok"); \
        fflush(stdout); \
    } while (0)

static inline uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x100000001b3ull;
    return hash ^ hash >> 29;
}

static inline uint64_t mix_bytes(uint64_t hash, const void *data, size_t n) {
    for (const unsigned char *p = data; n--; p++) hash = mix(hash, *p);
    return hash;
}

static uint32_t random_state = 0x12345678;
static inline uint32_t random32(void) {
    uint32_t x = random_state;
    x ^= x << 13; x ^= x >> 17; x ^= x << 5;
    return random_state = x;
}
#endif
