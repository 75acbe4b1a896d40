/* Time: what can be said of it without saying which. */
#include "check.h"
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static double seconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t)) return -1;
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(void) {
    double before = seconds(CLOCK_MONOTONIC);
    struct timespec brief = {0, 30000000}, resolution;
    SHOW(nanosleep(&brief, NULL));
    double slept = seconds(CLOCK_MONOTONIC) - before;
    printf("slept: %d\n", slept >= 0.03 && slept < 5);
    SHOW(clock_getres(CLOCK_MONOTONIC, &resolution));
    SHOW(clock_gettime(99, &resolution));
    printf("realtime is time: %d\n", seconds(CLOCK_REALTIME) - time(NULL) < 2);
    struct timeval now;
    SHOW(gettimeofday(&now, NULL));
    printf("after 2020: %d\n", now.tv_sec > 1577836800);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 10000000;
    if (until.tv_nsec >= 1000000000) { until.tv_sec++; until.tv_nsec -= 1000000000; }
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    brief.tv_nsec = 2000000000;
    SHOW(nanosleep(&brief, NULL));
    clock_t work = clock();
    volatile unsigned spin = 0;
    while (clock() - work < CLOCKS_PER_SEC / 50) spin++;
    printf("processor time passes: %d\n", seconds(CLOCK_PROCESS_CPUTIME_ID) >= 0.02);
    struct tms t;
    SHOW(times(&t) != (clock_t)-1);
    char text[100];
    for (time_t when = -1; when < 5000000000; when += 777777777) {
        struct tm broken;
        gmtime_r(&when, &broken);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j %U", &broken);
        printf("%ld %s %ld\n", (long)when, text, (long)timegm(&broken));
    }
    struct tm parsed = {0};
    printf("%s\n", strptime("2024-02-29 13:14:15", "%Y-%m-%d %H:%M:%S", &parsed) ? "parsed" : "no");
    printf("%ld %d\n", (long)timegm(&parsed), parsed.tm_yday);
    struct itimerval timer = {0};
    SHOW(getitimer(ITIMER_REAL, &timer));
    SHOW(alarm(100));
    SHOW(alarm(0));
    return 0;
}
