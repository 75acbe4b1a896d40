/* Floating point: printing, reading, rounding, the library's functions to a few digits. */
#include "check.h"
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <xmmintrin.h>

static const double values[] = {
    0.0, -0.0, 1.0, -1.5, 0.1, 1e10, 1e-10, 123456789.123, 1e300, 1e-300, 5e-324, DBL_MAX, DBL_MIN,
    INFINITY, -INFINITY, 3.141592653589793, 2.5, 3.5, -2.5, 1e15 + 0.5, 9007199254740993.0,
};

static void bits(const char *what, double x) {
    uint64_t pattern;
    memcpy(&pattern, &x, 8);
    printf("%s %016llx\n", what, (unsigned long long)pattern);
}

int main(void) {
    volatile double zero = 0.0;
    size_t count = sizeof values / sizeof *values;
    for (size_t i = 0; i < count; i++) {
        double v = values[i];
        printf("%f %e %g %a %.0f %.3e %20.5f %-20.3g|%+g %#g %.17g\n", v, v, v, v, v, v, v, v, v, v, v);
        printf("%g\n", (float)v);
        printf("%g %g %g %g %g %g\n", floor(v), ceil(v), trunc(v), rint(v), round(v), nearbyint(v));
        printf("%d %d %d %d %ld\n", isnan(v), isinf(v), signbit(v) != 0, fpclassify(v), fabs(v) < 1e18 ? lrint(v) : 0);
        int exponent;
        double part, fraction = frexp(v, &exponent);
        double rest = modf(v, &part);
        printf("%a %d %a %a %a\n", fraction, isfinite(v) ? exponent : 0, rest, part, ldexp(v, -3));
        bits("sqrt", sqrt(fabs(v)));
        bits("cbrt input", nextafter(v, 1e9));
    }
    printf("%g %g %g %g\n", zero / zero, 1 / zero, -1 / zero, sqrt(-1.0 + zero));
    for (size_t i = 0; i < count; i++) for (size_t j = 0; j < count; j++) {
        double a = values[i], b = values[j];
        if ((i * 7 + j) % 11 == 0) {
            printf("%g %g: %g %g %g %g %g %d%d%d\n", a, b, a + b, a - b, a * b, a / b,
                   b != 0 && isfinite(a) ? fmod(a, b) : 0, a < b, a <= b, a == b);
            bits("fma", fma(a, b, 1.25));
        }
    }
    for (double x = 0.05; x < 4; x += 0.37)
        printf("%.12g %.12g %.12g %.12g %.12g %.12g %.12g %.12g\n", sin(x), cos(x), tan(x), exp(x), log(x),
               pow(x, 2.7), atan2(x, 2), tanh(x));
    for (float x = 0.05f; x < 4; x += 0.77f) printf("%.6g %.6g %.6g\n", sinf(x), expf(x), powf(x, 1.5f));
    const char *texts[] = {"1", "0.1", "1e400", "-1e-400", "0x1.8p3", "inf", "-nan", "123abc", "2.2250738585072011e-308",
                           "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880.0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *end;
        double v = strtod(texts[i], &end);
        printf("%.17g %a rest '%s' %g\n", v, v, end, strtof(texts[i], NULL));
    }
    int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (int i = 0; i < 4; i++) {
        fesetround(modes[i]);
        volatile double one = 1, three = 3, tenth = 0.1;
        bits("third", one / three);
        bits("sum", tenth + 0.2);
        bits("sqrt", sqrt(one + one));
        printf("%g %g %ld\n", rint(2.5 * one), rint(-2.5 * one), lrint(0.75 * one));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    volatile double big = 1e308;
    big *= 10;
    printf("overflow and inexact: %x\n", _MM_GET_EXCEPTION_STATE());
    volatile double quotient = 1 / zero, invalid = zero / zero;
    printf("and divide and invalid: %x %g %g\n", _MM_GET_EXCEPTION_STATE(), quotient, invalid);
    volatile long whole = (long)1e30, part = (int)-1e30f;
    printf("%lx %lx %d\n", whole, part, (int)(unsigned char)(volatile float){200.7f});
    return 0;
}
