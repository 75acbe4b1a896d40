/* Mapped files and what happens at their edges. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf back;

static void show(int signal, siginfo_t *info, void *context)
{
    printf("signal %d code %d\n", signal, info->si_code);
    siglongjmp(back, 1);
}

int main(void)
{
    struct sigaction a = {.sa_sigaction = show, .sa_flags = SA_SIGINFO};
    char text[20] = {0};
    setvbuf(stdout, 0, _IOLBF, 0);
    sigaction(SIGBUS, &a, 0);
    sigaction(SIGSEGV, &a, 0);
    int fd = open("/tmp/elfin-mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (int i = 0; i < 500; i++)
        write(fd, "0123456789", 10);
    char *p = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *q = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    printf("%.10s %.10s %d %d\n", p, q, p[5000], p[8191]);
    if (!sigsetjmp(back, 1))
        printf("%d\n", p[8192]);
    p[0] = 'A';
    pread(fd, text, 5, 0);
    puts(text);
    q[1] = 'B';
    pread(fd, text, 5, 0);
    puts(text);
    pwrite(fd, "zz", 2, 2);
    printf("%.6s %.5s\n", p, q + 1);
    if (!fork()) {
        printf("child %.6s\n", p);
        p[4] = 'C';
        strcpy(p + 4090, "across");
        _exit(0);
    }
    wait(0);
    printf("parent %.6s %.6s\n", p, p + 4090);
    munmap(p, 12288);
    struct stat st;
    fstat(fd, &st);
    pread(fd, text, 8, 0);
    printf("%s %ld\n", text, (long)st.st_size);
    int ro = open("/tmp/elfin-mapped", O_RDONLY);
    p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0);
    printf("%d %s\n", p == MAP_FAILED, strerror(errno));
    p = mmap(0, 4096, PROT_READ, MAP_SHARED, ro, 0);
    int result = mprotect(p, 4096, PROT_READ | PROT_WRITE);
    printf("%d %s\n", result, strerror(errno));
    p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
    p[0] = 'Q';
    madvise(p, 4096, MADV_DONTNEED);
    printf("%c\n", p[0]);
    p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(p, "moved");
    p = mremap(p, 65536, 1 << 20, MREMAP_MAYMOVE);
    puts(p);
    memset(p, 1, 1 << 20);
    char *end = sbrk(0);
    sbrk(100000);
    end[99999] = 1;
    sbrk(-100000);
    sbrk(100000);
    printf("%d\n", end[99999]);
    mprotect(p, 4096, PROT_NONE);
    if (!sigsetjmp(back, 1))
        p[0] = 1;
    unlink("/tmp/elfin-mapped");
    return 3;
}
