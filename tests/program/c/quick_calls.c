/* Calls that may be answered without the kernel: each often, so that hot code makes them too. */
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#define TIMES 1200

/* The sum of results and errors of many calls: one that differs now and then shows. */
#define OFTEN(expression) do { \
        long sum_ = 0, errors_ = 0; \
        for (int i_ = 0; i_ < TIMES; i_++) { errno = 0; sum_ += (long)(expression); errors_ += errno; } \
        printf("%s: %ld %ld\n", #expression, sum_, errors_); \
        fflush(stdout); \
    } while (0)

static long raw(long number, long a, long b, long c) {
    register long flags __asm__("r11");
    long result, after;
    __asm__ volatile("syscall" : "=a"(result), "=c"(after), "=r"(flags)
                     : "a"(number), "D"(a), "S"(b), "d"(c) : "memory");
    return result;
}

static void closed(int fd) {
    char byte;
    struct stat st;
    struct iovec vector = {&byte, 1};
    printf("descriptor %d\n", fd);
    OFTEN(lseek(fd, -5, 77));
    OFTEN(read(fd, (void *)8, 1));
    OFTEN(write(fd, (void *)8, -1));
    OFTEN(readv(fd, &vector, -1));
    OFTEN(writev(fd, (void *)8, 1));
    OFTEN(close(fd));
    OFTEN(dup(fd));
    OFTEN(fcntl(fd, 12345, 0));
    OFTEN(ioctl(fd, 0, 8));
    OFTEN(fsync(fd));
    OFTEN(fdatasync(fd));
    OFTEN(fchdir(fd));
    OFTEN(fchmod(fd, -1));
    OFTEN(fchown(fd, -1, -1));
    OFTEN(raw(SYS_fstat, fd, 8, 0));
    OFTEN(raw(SYS_fstatfs, fd, 8, 0));
    OFTEN(raw(SYS_getdents64, fd, 8, -1));
    OFTEN(fstat(fd, &st));
}

static void devices(void) {
    char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 4 * 4096);
    mprotect(pages + 2 * 4096, 4096, PROT_READ);
    int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
    int only = open("/dev/null", O_WRONLY), full = open("/dev/full", O_RDWR);
    OFTEN(read(zero, pages + 100, 5));
    OFTEN(read(zero, pages + 4000, 200));
    OFTEN(read(zero, pages, 2 * 4096));
    OFTEN(read(zero, pages + 3 * 4096, 0));
    OFTEN(read(zero, pages + 2 * 4096, 1));
    OFTEN(read(null, pages, 10));
    OFTEN(read(null, (void *)8, 10));
    OFTEN(read(only, pages, 10));
    OFTEN(write(null, pages, 4 * 4096));
    OFTEN(write(zero, pages, 7));
    OFTEN(write(only, pages + 2 * 4096, 3));
    OFTEN(write(full, pages, 3));
    OFTEN(write(null, pages, 0));
    int sum = 0;
    for (int i = 0; i < 4 * 4096; i++) sum += pages[i];
    printf("bytes: %d\n", sum);
}

static void clocks(void) {
    static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                                    CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID};
    struct timespec last, t;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        int back = 0, odd = 0;
        raw(SYS_clock_gettime, ids[i], (long)&last, 0);
        for (int n = 0; n < TIMES; n++) {
            raw(SYS_clock_gettime, ids[i], (long)&t, 0);
            back += t.tv_sec < last.tv_sec || (t.tv_sec == last.tv_sec && t.tv_nsec < last.tv_nsec);
            odd += t.tv_nsec < 0 || t.tv_nsec >= 1000000000;
            last = t;
        }
        printf("clock %d: back %d, odd %d\n", ids[i], back, odd);
    }
    /* The kernel's own clock, which a sleep goes by, and the quick one are the same. */
    clock_gettime(CLOCK_MONOTONIC, &t);
    struct timespec until = t;
    until.tv_nsec += 5000000;
    if (until.tv_nsec >= 1000000000) { until.tv_sec++; until.tv_nsec -= 1000000000; }
    int early = 0;
    for (int n = 0; n < 20; n++) {
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        clock_gettime(CLOCK_MONOTONIC, &t);
        early += t.tv_sec < until.tv_sec || (t.tv_sec == until.tv_sec && t.tv_nsec < until.tv_nsec);
        until.tv_nsec = (until.tv_nsec + 1000000) % 1000000000;
    }
    printf("early: %d\n", early);
    struct timeval tv;
    OFTEN(raw(SYS_clock_gettime, 99, (long)&t, 0));
    OFTEN(raw(SYS_clock_gettime, 1, 8, 0));
    OFTEN(raw(SYS_gettimeofday, 8, 0, 0));
    OFTEN(raw(SYS_gettimeofday, 0, 0, 0));
    OFTEN(raw(SYS_gettimeofday, (long)&tv, (long)&t, 0));
    OFTEN(raw(SYS_time, 8, 0, 0));
    long stored, seconds = raw(SYS_time, (long)&stored, 0, 0);
    printf("time: %d %d\n", seconds == stored, seconds - time(NULL) <= 1);
    clock_gettime(CLOCK_REALTIME, &t);
    gettimeofday(&tv, NULL);
    printf("realtime: %d\n", tv.tv_sec - t.tv_sec <= 1);
}

static void identity(void) {
    long mine = getpid();
    OFTEN(getpid() == mine);
    OFTEN(syscall(SYS_gettid) == mine);
    OFTEN(getuid() == geteuid());
    OFTEN(getgid() == getegid());
    OFTEN(sched_yield());
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        OFTEN(getppid() == mine);
        OFTEN(getpid() == mine);
        OFTEN(sched_yield());
        setpgid(0, 0);
        OFTEN(getpgrp() == getpid());
        closed(9);
        exit(0);
    }
    waitpid(child, NULL, 0);
    OFTEN(sched_yield());
}

/* Registers and flags are as after any call. */
static void registers(void) {
    long wrong = 0;
    for (long i = 0; i < TIMES; i++) {
        long rcx, r11, result, here;
        __asm__ volatile("lea 1f(%%rip), %3\n\t"
                         "cmp %5, %6\n\t"
                         "syscall\n1:\n\t"
                         "mov %%r11, %1\n\t"
                         "pushf\n\tpop %%r8\n\t"
                         "xor %%r8, %1"
                         : "=&c"(rcx), "=&r"(r11), "=&a"(result), "=&r"(here)
                         : "2"(SYS_getppid), "r"(i), "r"((long)TIMES / 2)
                         : "r11", "r8", "memory", "cc");
        wrong += rcx != here || (r11 & 0x8d5) != 0 || result != getppid();
    }
    printf("wrong: %ld\n", wrong);
}

int main(void) {
    closed(-1);
    closed(9);
    closed(1000);
    closed(1 << 30);
    int fd = open("/dev/null", O_RDONLY);
    dup2(fd, 9);
    OFTEN(lseek(9, 0, SEEK_CUR));
    OFTEN(fcntl(9, F_GETFD));
    int moved = fcntl(9, F_DUPFD, 500);
    close(9);
    OFTEN(fcntl(9, F_GETFD));
    OFTEN(fcntl(moved, F_GETFD));
    OFTEN(lseek(moved + 1, 0, SEEK_CUR));
    syscall(SYS_close_range, moved, ~0u, 0);
    OFTEN(fcntl(moved, F_GETFD));
    devices();
    clocks();
    identity();
    registers();
    return 0;
}
