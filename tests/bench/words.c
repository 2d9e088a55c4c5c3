/*
 * Words made of letters that depend on their numbers.
 */
#include "tests/bench/words.h"

#include <stdbool.h>
#include <stdio.h>

static uint64_t seed = 1;

uint32_t
words_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

size_t
words_put(char *out, unsigned n)
{
	size_t len = 3 + n * 7919u % 8;

	for (size_t i = 0; i < len; i++)
		out[i] = (char)('a' + (n * 31 + i * i * 17 + n / 7 * i) % 26);
	return len + (size_t)sprintf(out + len, n > 1000 ? "%u " : " ", n);
}

unsigned
words_pick(void)
{
	double u = (double)(words_random() % 1000000 + 1) / 1000001.0;

	return (unsigned)(1.0 / (u * u * 0.98 + 0.00005)) % WORDS;
}

size_t
words_put_text(char *out)
{
	size_t len = 0;

	for (unsigned n = 5 + words_random() % 50; n > 0; n--)
		len += words_put(out + len, words_pick());
	return len;
}

size_t
words_put_query(char *out)
{
	bool rare = words_random() % 10 == 0;
	size_t len =
	    words_put(out, rare ? WORDS / 2 + words_random() % (WORDS / 2) : words_pick());

	return len + words_put(out + len, words_pick());
}
