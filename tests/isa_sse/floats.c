/* Float arithmetic as programs do it: libm, printf and strtod, rounding modes, flags, SIGFPE by MXCSR. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <xmmintrin.h>

static sigjmp_buf back;
static volatile int code;

static void on_fpe(int signal, siginfo_t *info, void *context)
{
    code = info->si_code;
    siglongjmp(back, signal + (context == 0));
}

static volatile double zero, one = 1, three = 3, huge = 1e300;
static volatile float onef = 1, threef = 3;

static void trap(const char *name, unsigned unmasked, double (*operation)(void))
{
    unsigned before = _mm_getcsr();
    _mm_setcsr(0x1F80 & ~(unmasked << 7));
    if (sigsetjmp(back, 1) == 0)
        printf("%s: %g\n", name, operation());
    else
        printf("%s: si_code %d mxcsr %x\n", name, code, _mm_getcsr() & 0x3F);
    _mm_setcsr(before);
}

static double divide(void) { return one / zero; }
static double invalid(void) { return zero / zero; }
static double overflow(void) { return huge * huge; }
static double underflow(void) { return 1 / huge / huge; }
static double inexact(void) { return one / three; }

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &action, 0);
    printf("%f %g %e %g %g %g\n", 1 / 3.0, 0.1, 1e300 * 10, 0 / zero, -0 / zero, sqrt(zero - 1));
    for (int i = 0; i < 12; i++)
        printf("%.17g %.17g %.17g %.17g %.9g\n", sin(i * .7), exp(i * .3), pow(1.1, i), log(i + .5),
               (double)cosf(i));
    for (unsigned mode = 0; mode < 4; mode++) {
        _mm_setcsr(0x1F80 | mode << 13);
        printf("%u: %.20g %.12g %ld %ld %.17g\n", mode, one / three, (double)(onef / threef), lrint(2.5 * one),
               lrint(-2.5 * one), sqrt(three));
    }
    _mm_setcsr(0x1F80);
    one / three;
    printf("flags %x", _mm_getcsr());
    one / zero;
    printf(" %x\n", _mm_getcsr());
    trap("divide", 4, divide);
    trap("invalid", 1, invalid);
    trap("overflow", 8, overflow);
    trap("underflow", 16, underflow);
    trap("inexact", 32, inexact);
    double sum = 0;
    for (int i = 1; i < 20000; i++)
        sum += sqrt(i) / (i + 1.5) * (i & 1 ? 1 : -1);
    float single = 0;
    for (int i = 1; i < 20000; i++)
        single += (float)i * 0.001f;
    printf("%.17g %.9g\n", sum, (double)single);
    for (int i = -320; i < 310; i += 35) {
        char text[64];
        snprintf(text, sizeof text, "%.17g", pow(10, i));
        printf("%s %d\n", text, strtod(text, 0) == pow(10, i));
    }
    signal(SIGFPE, SIG_DFL);
    _mm_setcsr(0x1F80 & ~0x200);
    fflush(stdout);
    return one / zero > 0;
}
