/*
 * AVX2 is looked for when the program runs; SSE2 belongs to x86-64.
 */
#include "storaged/search/ranking/dot.h"

int32_t
dot_plain(const int8_t *a, const int16_t *b, size_t n)
{
	int32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

#ifdef __x86_64__
#include <immintrin.h>

static int32_t
dot_add_up(__m128i sums)
{
	sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, _MM_SHUFFLE(1, 0, 3, 2)));
	sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, _MM_SHUFFLE(2, 3, 0, 1)));
	return _mm_cvtsi128_si32(sums);
}

static int32_t
dot_sse2(const int8_t *a, const int16_t *b, size_t n)
{
	__m128i sums = _mm_setzero_si128();

	for (size_t i = 0; i < n; i += 16) {
		__m128i bytes = _mm_loadu_si128((const void *)(a + i));
		__m128i sign = _mm_cmpgt_epi8(_mm_setzero_si128(), bytes);
		__m128i low = _mm_unpacklo_epi8(bytes, sign);
		__m128i high = _mm_unpackhi_epi8(bytes, sign);

		low = _mm_madd_epi16(low, _mm_loadu_si128((const void *)(b + i)));
		high = _mm_madd_epi16(high, _mm_loadu_si128((const void *)(b + i + 8)));
		sums = _mm_add_epi32(sums, _mm_add_epi32(low, high));
	}
	return dot_add_up(sums);
}

[[gnu::target("avx2")]] static int32_t
dot_avx2(const int8_t *a, const int16_t *b, size_t n)
{
	__m256i first = _mm256_setzero_si256(), second = first;

	for (size_t i = 0; i < n; i += 32) {
		__m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(a + i)));
		__m256i high =
		    _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(a + i + 16)));

		low = _mm256_madd_epi16(low, _mm256_loadu_si256((const void *)(b + i)));
		high = _mm256_madd_epi16(high, _mm256_loadu_si256((const void *)(b + i + 16)));
		first = _mm256_add_epi32(first, low);
		second = _mm256_add_epi32(second, high);
	}
	first = _mm256_add_epi32(first, second);
	return dot_add_up(
	    _mm_add_epi32(_mm256_castsi256_si128(first), _mm256_extracti128_si256(first, 1)));
}
#endif

dot_fn *
dot_best(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2") ? dot_avx2 : dot_sse2;
#else
	return dot_plain;
#endif
}
