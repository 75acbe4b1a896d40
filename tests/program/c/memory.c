/* mmap and its kin. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096

static char *map(size_t pages, int protection, int flags, int fd, long offset) {
    return mmap(NULL, pages * PAGE, protection, flags, fd, offset);
}

/* How a child that touches an address ends. */
static void touch(const char *what, volatile char *at, int writing) {
    fflush(stdout);
    int status;
    if (!fork()) { if (writing) *at = 1; else (void)*at; _exit(0); }
    wait(&status);
    printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int main(void) {
    char *p = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int zero = 1;
    for (int i = 0; i < 4 * PAGE; i++) zero &= !p[i];
    printf("zero %d aligned %d\n", zero, !((uintptr_t)p & (PAGE - 1)));
    memset(p, 7, 4 * PAGE);
    SHOW(mprotect(p + PAGE, PAGE, PROT_READ));
    touch("read of read-only", p + PAGE, 0);
    touch("write of read-only", p + PAGE, 1);
    SHOW(mprotect(p + 2 * PAGE, PAGE, PROT_NONE));
    touch("read of none", p + 2 * PAGE, 0);
    SHOW(munmap(p + 3 * PAGE, PAGE));
    touch("read of unmapped", p + 3 * PAGE, 0);
    SHOW(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(p[2 * PAGE]);
    SHOW(mprotect(p + 1, PAGE, PROT_READ));
    SHOW(munmap(p + 1, PAGE));
    SHOW(munmap(p, 0));
    SHOW((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
    SHOW((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    char *fixed = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("fixed %d: %d beside %d\n", fixed == p + PAGE, fixed[0], p[0]);
    SHOW((long)mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    char *grown = mremap(p, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    printf("grown %d %d\n", grown[0], grown[8 * PAGE - 1]);
    SHOW(mremap(grown, 8 * PAGE, 2 * PAGE, 0) == grown);
    touch("behind what shrank", grown + 3 * PAGE, 0);
    SHOW(madvise(grown, PAGE, MADV_DONTNEED));
    SHOW(grown[0]);

    int fd = open("data", O_RDWR | O_CREAT, 0666);
    for (int i = 0; i < 3; i++) { char page[PAGE]; memset(page, 'a' + i, PAGE); SHOW(write(fd, page, PAGE)); }
    SHOW(ftruncate(fd, 2 * PAGE + 100));
    char *private = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = map(2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    printf("%c%c%c %c%c %d\n", private[0], private[PAGE], private[2 * PAGE], shared[0], shared[PAGE], private[2 * PAGE + 100]);
    private[0] = '1'; shared[5] = '2'; shared[PAGE + 99] = '3';
    SHOW(msync(shared, 2 * PAGE, MS_SYNC));
    char back[3];
    SHOW(pread(fd, back, 1, 0)); SHOW(pread(fd, back + 1, 1, PAGE + 5)); SHOW(pread(fd, back + 2, 1, 2 * PAGE + 99));
    printf("%.3s\n", back);
    SHOW(munmap(shared, 2 * PAGE));
    SHOW(close(fd));
    printf("%c\n", private[1]);
    fd = open("data", O_RDONLY);
    SHOW((long)map(1, PROT_WRITE, MAP_SHARED, fd, 0));
    char *reading = map(1, PROT_READ, MAP_SHARED, fd, 0);
    touch("write through a read-only file", reading, 1);
    char *beyond = map(5, PROT_READ, MAP_PRIVATE, fd, 0);
    touch("beyond the file's end", beyond + 4 * PAGE, 0);
    SHOW((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100));

    char *start = sbrk(0);
    SHOW(sbrk(100000) == start);
    memset(start, 1, 100000);
    SHOW(sbrk(-100000) != (void *)-1);
    SHOW((char *)sbrk(0) == start);
    uint64_t hash = 0;
    for (int i = 1; i < 300; i++) {
        size_t n = random32() % 100000;
        char *block = malloc(n);
        memset(block, i, n);
        block = realloc(block, n / 2 + 1);
        hash = mix_bytes(hash, block, n / 2);
        free(block);
        if (i % 50 == 0) { char *z = calloc(i, 1000); hash = mix_bytes(hash, z, i * 1000); free(z); }
    }
    printf("%016llx\n", (unsigned long long)hash);
    unsigned char resident[2];
    DONE(mincore(grown, PAGE, resident));
    SHOW(mlock(grown, PAGE));
    return 0;
}
