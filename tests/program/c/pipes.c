/* Pipes, poll and select: what blocks, what is ready, what ends. */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char data[200000];

static void show_poll(int fd, short events, int wait) {
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, wait);
    printf("poll: %d, revents %#x\n", n, p.revents);
    fflush(stdout);
}

int main(void) {
    int ends[2], status, waiting;
    char byte;
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(read(ends[0], &byte, 1));
    show_poll(ends[0], POLLIN, 0);
    show_poll(ends[1], POLLOUT, 0);
    SHOW(write(ends[1], "abc", 3));
    show_poll(ends[0], POLLIN, -1);
    SHOW(ioctl(ends[0], FIONREAD, &waiting) == 0 ? waiting : -1);
    SHOW(read(ends[0], data, 2));
    long partial = write(ends[1], data, sizeof data);  /* how full a pipe gets is in pages, and nobody's promise */
    printf("partial %d\n", partial > 60000 && partial <= 65536);
    SHOW(write(ends[1], data, 1));
    show_poll(ends[1], POLLOUT, 0);
    SHOW(lseek(ends[0], 0, SEEK_SET));
    SHOW(fcntl(ends[1], F_GETPIPE_SZ));
    SHOW(close(ends[1]));
    long total = 0;
    for (long n; (n = read(ends[0], data, 10000)) > 0;) total += n;
    printf("drained all: %d\n", total == partial + 1);
    show_poll(ends[0], POLLIN, 0);
    SHOW(close(ends[0]));

    signal(SIGPIPE, SIG_IGN);
    SHOW(pipe(ends));
    SHOW(close(ends[0]));
    SHOW(write(ends[1], "x", 1));
    show_poll(ends[1], POLLOUT, 0);
    close(ends[1]);
    signal(SIGPIPE, SIG_DFL);
    pid_t child = fork();
    if (!child) {
        if (pipe(ends)) _exit(9);
        close(ends[0]);
        _exit(write(ends[1], "x", 1) == 1);
    }
    waitpid(child, &status, 0);
    printf("killed by %d\n", WTERMSIG(status));

    SHOW(pipe(ends));
    fflush(stdout);
    child = fork();
    if (!child) {
        close(ends[0]);
        for (int i = 0; i < 10; i++) {
            memset(data, 'a' + i, sizeof data);
            if (write(ends[1], data, sizeof data) != sizeof data) _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    uint64_t hash = 0;
    total = 0;
    for (long n; (n = read(ends[0], data, 7777)) > 0; total += n) hash = mix_bytes(hash, data, n);
    waitpid(child, &status, 0);
    printf("through a pipe: %ld bytes, hash %016llx, status %d\n", total, (unsigned long long)hash, status);

    SHOW(pipe(ends));
    fd_set set;
    struct timeval brief = {0, 20000};
    FD_ZERO(&set); FD_SET(ends[0], &set);
    SHOW(select(ends[0] + 1, &set, NULL, NULL, &brief));
    if (!fork()) { usleep(30000); _exit(write(ends[1], "y", 1) != 1); }
    FD_ZERO(&set); FD_SET(ends[0], &set);
    SHOW(select(ends[0] + 1, &set, NULL, NULL, NULL));
    printf("ready %d\n", FD_ISSET(ends[0], &set) != 0);
    wait(NULL);

    int events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7}, got;
    SHOW(epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event));
    SHOW(epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event));
    SHOW(epoll_wait(events, &got, 1, -1));
    printf("epoll %x %d\n", got.events, (int)got.data.u64);
    SHOW(read(ends[0], &byte, 1));
    SHOW(epoll_wait(events, &got, 1, 5));
    int counter = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 4;
    SHOW(write(counter, &value, 8));
    SHOW(read(counter, &value, 8));
    printf("counter %d\n", (int)value);
    SHOW(read(counter, &value, 8));

    SHOW(mkfifo("fifo", 0600));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    child = fork();
    if (!child) { int fd = open("fifo", O_WRONLY); _exit(write(fd, "through the fifo", 16) != 16); }
    int fifo = open("fifo", O_RDONLY);
    SHOW(read(fifo, data, 100));
    SHOW(read(fifo, data, 100));
    printf("%.16s\n", data);
    wait(NULL);
    SHOW(isatty(0));
    SHOW(ioctl(ends[0], TIOCGWINSZ, data));
    return 0;
}
