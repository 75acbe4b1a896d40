/* SSE and SSE2 intrinsics. */
#include "check.h"
#include <emmintrin.h>

static __m128i vector(void) { return _mm_set_epi32(random32(), random32(), random32(), random32()); }

static __m128 floats(void) {
    return _mm_setr_ps((int)random32() / 1000.0f, (int)random32() / 3e7f, random32() % 100 - 50, 1.0f / (1 + random32() % 9));
}

static __m128d doubles(void) { return _mm_setr_pd((int)random32() / 1000.0, 1.0 / (1 + random32() % 999)); }

static uint64_t hash;
static void see(__m128i v) { hash = mix_bytes(hash, &v, 16); }
static void see_ps(__m128 v) { hash = mix_bytes(hash, &v, 16); }
static void see_pd(__m128d v) { hash = mix_bytes(hash, &v, 16); }
static void line(const char *name) { printf("%s %016llx\n", name, (unsigned long long)hash); hash = 0; }

int main(void) {
    for (int i = 0; i < 500; i++) {
        __m128i a = vector(), b = vector();
        see(_mm_add_epi8(a, b)); see(_mm_add_epi16(a, b)); see(_mm_add_epi32(a, b)); see(_mm_add_epi64(a, b));
        see(_mm_sub_epi8(a, b)); see(_mm_sub_epi16(a, b)); see(_mm_sub_epi32(a, b)); see(_mm_sub_epi64(a, b));
        see(_mm_adds_epi8(a, b)); see(_mm_adds_epu8(a, b)); see(_mm_subs_epi16(a, b)); see(_mm_subs_epu16(a, b));
        see(_mm_mullo_epi16(a, b)); see(_mm_mulhi_epi16(a, b)); see(_mm_mulhi_epu16(a, b)); see(_mm_mul_epu32(a, b));
        see(_mm_madd_epi16(a, b)); see(_mm_sad_epu8(a, b)); see(_mm_avg_epu8(a, b)); see(_mm_avg_epu16(a, b));
        see(_mm_min_epu8(a, b)); see(_mm_max_epu8(a, b)); see(_mm_min_epi16(a, b)); see(_mm_max_epi16(a, b));
        see(_mm_cmpeq_epi8(a, b)); see(_mm_cmpgt_epi16(a, b)); see(_mm_cmpgt_epi32(a, b)); see(_mm_andnot_si128(a, b));
        see(_mm_packs_epi16(a, b)); see(_mm_packs_epi32(a, b)); see(_mm_packus_epi16(a, b));
        see(_mm_unpacklo_epi8(a, b)); see(_mm_unpackhi_epi16(a, b)); see(_mm_unpacklo_epi32(a, b)); see(_mm_unpackhi_epi64(a, b));
        see(_mm_shuffle_epi32(a, 0x1b)); see(_mm_shufflelo_epi16(a, 0x93)); see(_mm_shufflehi_epi16(a, 0x4e));
        see(_mm_slli_epi16(a, 3)); see(_mm_srli_epi32(a, 7)); see(_mm_srai_epi16(a, 9)); see(_mm_srai_epi32(a, 31));
        see(_mm_slli_epi64(a, 33)); see(_mm_srl_epi64(a, _mm_cvtsi32_si128(i % 70))); see(_mm_sll_epi32(a, _mm_cvtsi32_si128(i % 40)));
        see(_mm_slli_si128(a, 5)); see(_mm_srli_si128(a, 11)); see(_mm_insert_epi16(a, i, 3));
        hash = mix(hash, _mm_movemask_epi8(a)); hash = mix(hash, _mm_extract_epi16(a, 6)); hash = mix(hash, _mm_cvtsi128_si64(b));
    }
    line("integers");
    for (int i = 0; i < 500; i++) {
        __m128 a = floats(), b = floats();
        see_ps(_mm_add_ps(a, b)); see_ps(_mm_sub_ps(a, b)); see_ps(_mm_mul_ps(a, b)); see_ps(_mm_div_ps(a, b));
        see_ps(_mm_sqrt_ps(a)); see_ps(_mm_min_ps(a, b)); see_ps(_mm_max_ps(a, b)); see_ps(_mm_add_ss(a, b));
        see_ps(_mm_cmplt_ps(a, b)); see_ps(_mm_cmpunord_ps(a, _mm_sqrt_ps(b))); see_ps(_mm_cmpneq_ps(a, b));
        see_ps(_mm_shuffle_ps(a, b, 0x72)); see_ps(_mm_unpackhi_ps(a, b)); see_ps(_mm_movehl_ps(a, b));
        see(_mm_cvtps_epi32(a)); see(_mm_cvttps_epi32(b)); see_pd(_mm_cvtps_pd(a)); see_ps(_mm_cvtepi32_ps(vector()));
        hash = mix(hash, _mm_movemask_ps(a)); hash = mix(hash, _mm_comilt_ss(a, b)); hash = mix(hash, _mm_cvttss_si32(a));
    }
    line("floats");
    for (int i = 0; i < 500; i++) {
        __m128d a = doubles(), b = doubles();
        see_pd(_mm_add_pd(a, b)); see_pd(_mm_sub_pd(a, b)); see_pd(_mm_mul_pd(a, b)); see_pd(_mm_div_pd(a, b));
        see_pd(_mm_sqrt_pd(a)); see_pd(_mm_min_pd(a, b)); see_pd(_mm_max_sd(a, b)); see_pd(_mm_cmple_pd(a, b));
        see_pd(_mm_shuffle_pd(a, b, 1)); see_pd(_mm_unpacklo_pd(a, b)); see_ps(_mm_cvtpd_ps(a)); see(_mm_cvtpd_epi32(a));
        see(_mm_cvttpd_epi32(b)); see_pd(_mm_cvtepi32_pd(vector())); see_pd(_mm_cvtsi64_sd(a, random32() * 1000003ll));
        hash = mix(hash, _mm_movemask_pd(a)); hash = mix(hash, _mm_ucomige_sd(a, b)); hash = mix(hash, _mm_cvtsd_si64(a));
    }
    line("doubles");
    static char buffer[256] __attribute__((aligned(16)));
    for (int i = 0; i < 100; i++) {
        __m128i a = vector();
        _mm_store_si128((__m128i *)(buffer + 16 * (i % 15)), a);
        _mm_storeu_si128((__m128i *)(buffer + i), _mm_loadu_si128((__m128i *)(buffer + 2 * i % 230)));
        _mm_stream_si128((__m128i *)(buffer + 32), a);
        _mm_storel_epi64((__m128i *)(buffer + 3), a);
        _mm_maskmoveu_si128(a, vector(), buffer + 77);
        _mm_sfence();
    }
    hash = mix_bytes(hash, buffer, sizeof buffer);
    line("memory");
    _mm_setcsr(_mm_getcsr() | 0x8040);
    volatile float tiny = 1e-40f, small = 1e-30f;
    printf("%d %d\n", tiny * 1e10f == 0, small * 1e-15f == 0);
    printf("%x\n", _mm_getcsr() & 0xffc0);
    return 0;
}
