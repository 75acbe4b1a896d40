/* fork, wait, pipes, spawn, stopping, timers: what a program sees of other processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static volatile int got;

static void note(int signal)
{
    got = signal;
}

static void say(const char *what, int result)
{
    printf("%s %d %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static void spawned(const char *self)
{
    char *arguments[] = {(char *)self, "spawned", 0};
    pid_t pid;
    int status, result = posix_spawn(&pid, self, 0, 0, arguments, environ);
    waitpid(pid, &status, 0);
    printf("posix_spawn %d status %x\n", result, status);
    result = posix_spawn(&pid, "/nonexistent", 0, 0, arguments, environ);
    printf("posix_spawn %d\n", result);
    if (!(pid = vfork())) {
        execl("/nonexistent", "x", (char *)0);
        _exit(44);
    }
    waitpid(pid, &status, 0);
    printf("vfork %x\n", status);
}

static void interrupted(void)
{
    int pipes[2], status, result;
    pid_t pid;
    char byte;
    struct itimerval soon = {{0, 0}, {0, 50000}};
    pipe(pipes);
    signal(SIGUSR1, note);
    if (!(pid = fork())) {
        kill(getppid(), SIGUSR1);
        struct timespec t = {0, 20000000};
        nanosleep(&t, 0);
        write(pipes[1], "x", 1);
        pause();
    }
    result = read(pipes[0], &byte, 1); /* signal() sets SA_RESTART */
    printf("read %d after signal %d\n", result, got);
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    printf("status %x\n", status);
    struct sigaction plain = {.sa_handler = note};
    sigaction(SIGALRM, &plain, 0);
    setitimer(ITIMER_REAL, &soon, 0);
    say("read", read(pipes[0], &byte, 1));
    printf("signal %d\n", got);
    got = 0;
    signal(SIGVTALRM, note);
    struct itimerval work = {{0, 0}, {0, 30000}};
    setitimer(ITIMER_VIRTUAL, &work, 0);
    while (!got)
        ;
    printf("signal %d\n", got);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec once = {{0, 0}, {0, 50000000}};
    signal(SIGUSR2, note);
    say("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
    timer_settime(timer, 0, &once, 0);
    sigset_t none;
    sigemptyset(&none);
    say("sigsuspend", sigsuspend(&none));
    printf("signal %d\n", got);
}

static void children(void)
{
    int status;
    pid_t pid;
    siginfo_t info;
    signal(SIGCHLD, SIG_IGN);
    if (!fork())
        _exit(1);
    say("wait", wait(&status));
    signal(SIGCHLD, SIG_DFL);
    if (!(pid = fork())) {
        raise(SIGSTOP);
        _exit(9);
    }
    waitpid(pid, &status, WUNTRACED);
    printf("stopped %x\n", status);
    kill(pid, SIGCONT);
    waitpid(pid, &status, WCONTINUED);
    printf("continued %x\n", status);
    waitpid(pid, &status, 0);
    printf("ended %x\n", status);
    if (!(pid = fork()))
        _exit(5);
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    printf("waitid %d %d %d %d\n", info.si_signo, info.si_code, info.si_status, info.si_pid == pid);
    waitpid(pid, &status, 0);
    if (!(pid = fork())) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        *(volatile int *)0 = 0;
    }
    waitpid(pid, &status, 0);
    printf("fault %x\n", status);
    if (!(pid = fork())) {
        close(0);
        int pipes[2];
        pipe(pipes);
        close(pipes[0]);
        write(pipes[1], "x", 1);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    printf("pipe %x\n", status);
    if (!(pid = fork())) {
        say("setsid", setsid() == getpid());
        say("setpgid", setpgid(0, 0));
        _exit(getsid(0) == getpid() && getpgrp() == getpid());
    }
    waitpid(pid, &status, 0);
    printf("session %x\n", status);
}

int main(int count, char **arguments)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    if (count > 1) {
        printf("child %s %s\n", arguments[1], getenv("X"));
        return 7;
    }
    setenv("X", "y", 1);
    spawned(arguments[0]);
    int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!fork()) {
        shared[0] = 42;
        _exit(0);
    }
    wait(0);
    printf("shared %d\n", shared[0]);
    interrupted();
    children();
    char name[16];
    prctl(PR_SET_NAME, "a name that is too long");
    prctl(PR_GET_NAME, name);
    puts(name);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){4, 4});
    say("open", open("/dev/null", 0) > 0);
    say("open", open("/dev/null", 0));
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 77});
    int taken = sigwaitinfo(&set, &info);
    printf("queued %d %d %d\n", taken == SIGRTMIN, info.si_code, info.si_value.sival_int);
    kill(getpid(), SIGKILL);
}
