/* fork, exec, wait, groups. */
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int shared_by_vfork;

static void show_status(const char *what, int status) {
    if (WIFEXITED(status)) printf("%s: exit %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status)) printf("%s: signal %d\n", what, WTERMSIG(status));
    else if (WIFSTOPPED(status)) printf("%s: stopped by %d\n", what, WSTOPSIG(status));
    else if (WIFCONTINUED(status)) printf("%s: continued\n", what);
    fflush(stdout);
}

static void child_exits(int signo) { (void)signo; if (write(1, "SIGCHLD\n", 8) < 0) _exit(9); }

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("executed as %s with %s, X=%s, fd 9 %s\n", argv[0], argv[1], getenv("X"),
               fcntl(9, F_GETFD) < 0 ? "closed" : "open");
        return 17;
    }
    int status;
    pid_t self = getpid();
    pid_t child = fork();
    if (!child) { printf("child of %s\n", getppid() == self ? "me" : "another"); exit(3); }
    SHOW(waitpid(child, &status, 0) == child);
    show_status("plain", status);
    SHOW(waitpid(child, &status, 0));

    signal(SIGCHLD, child_exits);
    child = fork();
    if (!child) _exit(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    signal(SIGCHLD, SIG_DFL);

    child = fork();
    if (!child) { raise(SIGKILL); _exit(1); }
    waitpid(child, &status, 0);
    show_status("killed", status);
    child = fork();
    if (!child) abort();
    waitpid(child, &status, 0);
    show_status("aborted", status & ~0x80);

    dup2(open("/dev/null", O_RDONLY), 9);
    for (int closed = 0; closed < 2; closed++) {
        fcntl(9, F_SETFD, closed ? FD_CLOEXEC : 0);
        fflush(stdout);
        child = fork();
        if (!child) {
            char *arguments[] = {"another name", "one argument", NULL};
            char *environment[] = {"X=from exec", NULL};
            execve("/proc/self/exe", arguments, environment);
            execve(argv[0], arguments, environment);
            _exit(127);
        }
        waitpid(child, &status, 0);
        show_status("exec", status);
    }
    char *nothing[] = {"x", NULL};
    SHOW(execve("nowhere", nothing, nothing));
    SHOW(execve("/", nothing, nothing));

    child = vfork();
    if (!child) { shared_by_vfork = 5; _exit(4); }
    waitpid(child, &status, 0);
    show_status("vfork", status);
    printf("the child's write is seen: %d\n", shared_by_vfork);

    int *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int own = 1;
    child = fork();
    if (!child) { *page = 77; own = 2; _exit(0); }
    waitpid(child, &status, 0);
    printf("shared %d own %d\n", *page, own);

    child = fork();
    if (!child) { while (1) pause(); }
    SHOW(kill(child, SIGSTOP));
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    show_status("stop", status);
    SHOW(kill(child, SIGCONT));
    SHOW(waitpid(child, &status, WCONTINUED) == child);
    show_status("continue", status);
    SHOW(waitpid(child, &status, WNOHANG));
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    show_status("term", status);

    pid_t group = fork();
    if (!group) { setpgid(0, 0); while (1) pause(); }
    setpgid(group, group);
    pid_t second = fork();
    if (!second) { setpgid(0, group); while (1) pause(); }
    setpgid(second, group);
    printf("group of the second is the first: %d\n", getpgid(second) == group);
    SHOW(kill(-group, SIGTERM));
    siginfo_t info;
    for (int i = 0; i < 2; i++) {
        SHOW(waitid(P_PGID, group, &info, WEXITED));
        printf("code %d status %d\n", info.si_code, info.si_status);
    }
    int ends[2];
    if (pipe(ends)) return 1;
    child = fork();
    if (!child) {
        if (!fork()) {
            usleep(50000);
            int orphan = getppid() != self && getppid() > 0;
            _exit(write(ends[1], &orphan, sizeof orphan) < 0);
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    int orphan = 0;
    SHOW(read(ends[0], &orphan, sizeof orphan));
    printf("orphan %d\n", orphan);
    for (int i = 0; i < 5; i++) if (!fork()) { usleep(1000 * (5 - i)); _exit(i); }
    int sum = 0;
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    printf("sum of five %d, then %s\n", sum, error_name(errno));
    SHOW(setsid() == -1 ? -1 : 1);
    struct rusage usage;
    SHOW(getrusage(RUSAGE_CHILDREN, &usage));
    SHOW(sched_yield());
    return 5;
}
