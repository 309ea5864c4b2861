/* Gamma and log-gamma, by the approximation of Lanczos with the rational coefficients of the Boost library (N = 13,
 * g = 6.02468...), evaluated so that the last bits are CPython's.
 */
#include "stdlib/math_parts.h"

#include <errno.h>
#include <math.h>

#define LANCZOS_N 13
#define LANCZOS_G 6.024680040776729583740234375
#define LANCZOS_G_MINUS_HALF 5.524680040776729583740234375
#define LOG_PI 1.144729885849400174143427351353058711647
#define TINY 1e-20

static const double lanczos_numerator[LANCZOS_N] = {
    23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408};

static const double lanczos_denominator[LANCZOS_N] = {0.0,       39916800.0, 120543840.0, 150917976.0, 105258076.0,
                                                      45995730.0, 13339535.0, 2637558.0,   357423.0,    32670.0,
                                                      1925.0,     66.0,       1.0};

/* Gamma(1) to Gamma(23). */
static const double gamma_integers[23] = {
    1.0, 1.0, 2.0, 6.0, 24.0, 120.0, 720.0, 5040.0, 40320.0, 362880.0, 3628800.0, 39916800.0, 479001600.0, 6227020800.0,
    87178291200.0, 1307674368000.0, 20922789888000.0, 355687428096000.0, 6402373705728000.0, 121645100408832000.0,
    2432902008176640000.0, 51090942171709440000.0, 1124000727777607680000.0};

/* The quotient of the two polynomials, from the end that does not overflow. x > 0 */
static double lanczos_sum(double x) {
    double top = 0.0, bottom = 0.0;
    if (x < 5.0) {
        for (int i = LANCZOS_N - 1; i >= 0; i--) {
            top = top * x + lanczos_numerator[i];
            bottom = bottom * x + lanczos_denominator[i];
        }
    } else {
        for (int i = 0; i < LANCZOS_N; i++) {
            top = top / x + lanczos_numerator[i];
            bottom = bottom / x + lanczos_denominator[i];
        }
    }
    return top / bottom;
}

/* sin(pi * x), exact at multiples of 1/2. x is finite. */
static double sin_pi(double x) {
    double y = fmod(fabs(x), 2.0), result;
    switch ((int)round(2.0 * y)) {
    case 0: result = sin(M_PI * y); break;
    case 1: result = cos(M_PI * (y - 0.5)); break;
    case 2: result = sin(M_PI * (1.0 - y)); break; /* 1 - y, not y - 1: keeps the sign of zeros */
    case 3: result = -cos(M_PI * (y - 1.5)); break;
    default: result = sin(M_PI * (y - 2.0)); break;
    }
    return copysign(1.0, x) * result;
}

/* r * y ** (power), in two steps where one would overflow. divide: r / y ** power. */
static double times_power(double r, double y, double size, bool divide) {
    if (size < 140.0) {
        double power = pow(y, size - 0.5);
        return divide ? r / power : r * power;
    }
    double root = pow(y, size / 2.0 - 0.25);
    return divide ? r / root / root : r * root * root;
}

/* x is finite and no integer up to 23, TINY <= |x| <= 200 */
static double gamma_lanczos(double x) {
    double size = fabs(x), y = size + LANCZOS_G_MINUS_HALF, error;
    /* the rounding error of y is made good by a correction of first order */
    if (size > LANCZOS_G_MINUS_HALF) error = (y - size) - LANCZOS_G_MINUS_HALF;
    else error = (y - LANCZOS_G_MINUS_HALF) - size;
    double z = error * LANCZOS_G / y, r;
    if (x < 0.0) {
        r = -M_PI / sin_pi(size) / size * exp(y) / lanczos_sum(size);
        r -= z * r;
        return times_power(r, y, size, true);
    }
    r = lanczos_sum(size) / exp(y);
    r += z * r;
    return times_power(r, y, size, false);
}

double math_gamma(double x, int *problem) {
    *problem = 0;
    if (!isfinite(x)) {
        if (isnan(x) || x > 0.0) return x;
        *problem = EDOM;
        return NAN;
    }
    if (x == 0.0 || (x < 0.0 && x == floor(x))) {
        *problem = EDOM;
        return NAN;
    }
    if (x == floor(x) && x <= 23.0) return gamma_integers[(int)x - 1];
    double size = fabs(x), result;
    if (size < TINY) result = 1.0 / x;
    else if (size > 200.0 && x < 0.0) return 0.0 / sin_pi(x);
    else result = size > 200.0 ? INFINITY : gamma_lanczos(x);
    if (isinf(result)) *problem = ERANGE;
    return result;
}

double math_log_gamma(double x, int *problem) {
    *problem = 0;
    if (!isfinite(x)) return isnan(x) ? x : INFINITY;
    if (x == floor(x) && x <= 2.0) {
        if (x > 0.0) return 0.0;
        *problem = EDOM;
        return INFINITY;
    }
    double size = fabs(x);
    if (size < TINY) return -log(size);
    double r = log(lanczos_sum(size)) - LANCZOS_G;
    r += (size - 0.5) * (log(size + LANCZOS_G - 0.5) - 1);
    if (x < 0.0) r = LOG_PI - log(fabs(sin_pi(size))) - log(size) - r;
    if (isinf(r)) *problem = ERANGE;
    return r;
}
