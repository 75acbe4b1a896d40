/* Signals to oneself: handlers, masks, restarts, the alternate stack. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static volatile int count;
static sigjmp_buf back;
static char stack[65536];

static void note(const char *text) { if (write(1, text, strlen(text)) < 0) _exit(9); }

static void plain(int signo) { count++; printf("handler %d\n", signo); fflush(stdout); }

static void informed(int signo, siginfo_t *info, void *context) {
    (void)context;
    printf("signal %d code %d pid %s uid %s value %d\n", signo, info->si_code,
           info->si_pid == getpid() ? "own" : "other", info->si_uid == getuid() ? "own" : "other",
           info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
    fflush(stdout);
}

static void on_stack(int signo) {
    char here;
    printf("handler %d on the alternate stack: %d\n", signo, &here > stack && &here < stack + sizeof stack);
    fflush(stdout);
}

static void nested(int signo) {
    note(signo == SIGUSR1 ? "(1" : "(2");
    if (signo == SIGUSR1) raise(SIGUSR2);
    note(signo == SIGUSR1 ? ")1\n" : ")2");
}

static void jump(int signo) { siglongjmp(back, signo); }

static void set(int signo, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    if (sigaction(signo, &action, NULL)) printf("sigaction %d: %s\n", signo, error_name(errno));
}

static void pending(void) {
    sigset_t set;
    sigpending(&set);
    for (int i = 1; i < 65; i++) if (sigismember(&set, i) == 1) printf("pending %d\n", i);
}

int main(void) {
    set(SIGUSR1, plain, 0);
    SHOW(raise(SIGUSR1));
    SHOW(kill(getpid(), SIGUSR1));
    set(SIGUSR1, plain, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction old;
    sigaction(SIGUSR1, NULL, &old);
    printf("reset to default: %d\n", old.sa_handler == SIG_DFL);

    struct sigaction action = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &action, NULL);
    kill(getpid(), SIGUSR2);
    raise(SIGUSR2);
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 42});
    sigaction(SIGRTMIN + 1, &action, NULL);

    sigset_t all, none, before;
    sigfillset(&all); sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &all, &before);
    for (int i = 0; i < 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
    kill(getpid(), SIGUSR2); kill(getpid(), SIGUSR2);
    pending();
    puts("unblocking");
    fflush(stdout);
    sigprocmask(SIG_SETMASK, &before, NULL);
    pending();

    set(SIGUSR1, nested, 0); set(SIGUSR2, nested, 0);
    raise(SIGUSR1);
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    SHOW(sigaltstack(&alternate, NULL));
    set(SIGUSR1, on_stack, SA_ONSTACK); set(SIGUSR2, on_stack, 0);
    raise(SIGUSR1); raise(SIGUSR2);

    set(SIGUSR1, jump, 0);
    int got = sigsetjmp(back, 1);
    if (!got) raise(SIGUSR1);
    printf("jumped out with %d\n", got);
    sigprocmask(SIG_BLOCK, NULL, &before);
    printf("still blocked: %d\n", sigismember(&before, SIGUSR1));

    set(SIGALRM, plain, 0);
    struct itimerval soon = {.it_value = {.tv_usec = 30000}};
    int ends[2];
    char byte;
    SHOW(pipe(ends));
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(read(ends[0], &byte, 1));
    set(SIGALRM, plain, SA_RESTART);
    soon.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    if (!fork()) { usleep(150000); _exit(write(ends[1], "x", 1) != 1); }
    SHOW(read(ends[0], &byte, 1));
    struct timespec second = {0, 500000000}, left;
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(nanosleep(&second, &left));
    printf("time left: %d\n", left.tv_nsec > 100000000 && left.tv_nsec < 500000000);

    sigemptyset(&all); sigaddset(&all, SIGALRM);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(sigsuspend(&none));
    setitimer(ITIMER_REAL, &soon, NULL);
    siginfo_t info;
    SHOW(sigwaitinfo(&all, &info));
    struct timespec brief = {0, 1000000};
    SHOW(sigtimedwait(&all, &info, &brief));
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(kill(getpid(), 0));
    SHOW(kill(999999, 0));
    SHOW(kill(getpid(), 99));
    set(SIGINT, SIG_IGN, 0);
    SHOW(raise(SIGINT));
    printf("%d alarms\n", count);
    fflush(stdout);
    raise(SIGTERM);
    return 1;
}
