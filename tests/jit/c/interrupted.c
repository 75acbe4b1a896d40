/* Signals come inside loops that make no system call, and registers survive them. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;
static void on_alarm(int signal) {
    double x = signal;
    for (int i = 0; i < 100; i++) x = x * 1.5 + 0.25;
    ticks += x > 0;
}

int main(void) {
    signal(SIGALRM, on_alarm);
    struct itimerval every = {{0, 3000}, {0, 3000}};
    setitimer(ITIMER_REAL, &every, 0);
    uint64_t sum = 0, count = 0;
    double x = 1.0, wrong = 0;
    while (ticks < 20) {
        uint64_t before = sum;
        sum = sum * 6364136223846793005u + 1442695040888963407u;
        x = x * 0.5 + 1.0;
        if (x < 1.0 || x > 2.0) wrong++;
        if (before * 6364136223846793005u + 1442695040888963407u != sum) wrong++;
        count++;
    }
    printf("%d %.0f %d\n", (int)ticks >= 20, wrong, count > 1000);
    return 0;
}
