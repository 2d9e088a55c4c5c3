/*
 * Known answers of the standards, and properties of random values.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "tests/unit/unit.h"

TEST(hash_is_sha_256)
{
	/* FIPS 180-4 examples: "", "abc" */
	static const uint8_t empty[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a,
	    0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93,
	    0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	static const uint8_t abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41,
	    0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a,
	    0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	struct hash256 h;

	h = secret_hash((struct slice){NULL, 0});
	assert_memory_equal(h.b, empty, sizeof(empty));
	h = secret_hash(slice_str("abc"));
	assert_memory_equal(h.b, abc, sizeof(abc));
}

TEST(mac_is_hmac_sha_256)
{
	/* RFC 4231, case 2, and case 6: a key longer than a block. */
	static const uint8_t case_2[32] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a,
	    0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39,
	    0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
	static const uint8_t case_6[32] = {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d,
	    0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f, 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5,
	    0x14, 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54};
	uint8_t key[131];
	struct hash256 h;

	h = secret_mac(slice_str("Jefe"), slice_str("what do ya want for nothing?"));
	assert_memory_equal(h.b, case_2, sizeof(case_2));
	memset(key, 0xaa, sizeof(key));
	h = secret_mac((struct slice){key, sizeof(key)},
	    slice_str("Test Using Larger Than Block-Size Key - Hash Key First"));
	assert_memory_equal(h.b, case_6, sizeof(case_6));
}

/* RFC 4231, cases 1 and 2: HMAC pads keys with zeros, so these fit into 32 bytes. */
TEST(keyed_hash_is_a_prefix_of_hmac_sha_256)
{
	uint8_t key[32] = {0};

	memset(key, 0x0b, 20);
	assert_true(
	    secret_keyed_hash(key, slice_str("Hi There")) == UINT64_C(0xb0344c61d8db3853));
	memset(key, 0, sizeof(key));
	memcpy(key, "Jefe", 4);
	assert_true(secret_keyed_hash(key, slice_str("what do ya want for nothing?")) ==
	    UINT64_C(0x5bdcc146bf60754e));
}

TEST(keyed_hash_takes_the_empty_text_and_depends_on_the_key)
{
	uint8_t key[32] = {0};
	struct slice none = {NULL, 0};

	/* HMAC-SHA-256 of the empty text with the empty key, which equals a key of zeros. */
	assert_true(secret_keyed_hash(key, none) == UINT64_C(0xb613679a0814d9ec));
	for (size_t i = 0; i < sizeof(key); i++) {
		uint8_t other[32] = {0};

		other[i] = 1;
		assert_true(secret_keyed_hash(key, none) != secret_keyed_hash(other, none));
	}
	assert_true(
	    secret_keyed_hash(key, slice_str("a")) != secret_keyed_hash(key, slice_str("b")));
}

TEST(equal_means_same_length_and_bytes)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"", "", true},
	    {"key", "key", true},
	    {"key", "keY", false},
	    {"Key", "key", false},
	    {"key", "key ", false},
	    {"key", "ke", false},
	    {"", "k", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice a = slice_str(cases[i].a), b = slice_str(cases[i].b);

		assert_int_equal(secret_equal(a, b), cases[i].same);
		assert_int_equal(secret_equal(b, a), cases[i].same);
	}
	assert_true(secret_equal((struct slice){NULL, 0}, slice_str("")));
	assert_false(secret_equal((struct slice){(const uint8_t *)"a\0b", 3}, slice_str("a")));
}

TEST(tokens_are_43_characters_of_base64url_and_never_the_same)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char seen[200][SECRET_TOKEN_TEXT + 1];
	bool dash = false, underscore = false;

	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		secret_token(seen[i]);
		assert_int_equal(strlen(seen[i]), SECRET_TOKEN_TEXT);
		assert_int_equal(strspn(seen[i], alphabet), SECRET_TOKEN_TEXT);
		/* 256 bits in 43 × 6: the last two bits are 0 (RFC 4648, section 3.5). */
		assert_non_null(strchr("AEIMQUYcgkosw048", seen[i][SECRET_TOKEN_TEXT - 1]));
		dash = dash || strchr(seen[i], '-') != NULL;
		underscore = underscore || strchr(seen[i], '_') != NULL;
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
	/* Both must appear in 200 tokens; the odds against it are e^-130. */
	assert_true(dash && underscore);
}

/* Ten standard deviations; a byte modulo 62 would give the first eight 21 % too many. */
TEST(each_character_of_base62_is_as_likely)
{
	static const char alphabet[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	enum { EACH = 10000, MOST_OFF = 1000 };
	const size_t n = EACH * (sizeof(alphabet) - 1);
	unsigned count[256] = {0};
	char *text = xcalloc(1, n + 2);

	text[n + 1] = '!';
	secret_base62(text, n);
	assert_int_equal(strlen(text), n);
	assert_int_equal(strspn(text, alphabet), n);
	assert_int_equal(text[n + 1], '!');
	for (size_t i = 0; i < n; i++)
		count[(unsigned char)text[i]]++;
	for (const char *c = alphabet; *c != '\0'; c++)
		assert_in_range(count[(unsigned char)*c], EACH - MOST_OFF, EACH + MOST_OFF);
	free(text);
}

TEST(random_bytes_fill_exactly_the_given_memory)
{
	for (size_t n = 0; n <= 64; n++) {
		uint8_t changed[66] = {0};

		for (int round = 0; round < 20; round++) {
			uint8_t p[66] = {0};

			secret_random(p + 1, n);
			for (size_t i = 0; i < sizeof(p); i++)
				changed[i] |= p[i];
		}
		assert_int_equal(changed[0], 0);
		assert_int_equal(changed[n + 1], 0);
		for (size_t i = 1; i <= n; i++)
			assert_int_not_equal(changed[i], 0);
	}
}

TEST_MAIN(NULL, NULL)
