/*
 * Known answers of the standards, and properties of random values.
 */
#include "proto/base/secrets.h"
#include "tests/unit/unit.h"

static void
expect_hash(struct hash256 hash, const char *hex)
{
	char text[2 * sizeof(hash.b) + 1];

	for (size_t i = 0; i < sizeof(hash.b); i++)
		snprintf(text + 2 * i, 3, "%02x", hash.b[i]);
	assert_string_equal(text, hex);
}

/* FIPS 180-4 examples. */
TEST(hash_is_sha_256)
{
	expect_hash(secret_hash((struct slice){NULL, 0}),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_hash(secret_hash(slice_str("abc")),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, case 2, and case 6: a key longer than a block. */
TEST(mac_is_hmac_sha_256)
{
	uint8_t key[131];

	memset(key, 0xaa, sizeof(key));
	expect_hash(secret_mac(slice_str("Jefe"), slice_str("what do ya want for nothing?")),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	expect_hash(secret_mac((struct slice){key, sizeof(key)},
			slice_str("Test Using Larger Than Block-Size Key - Hash Key First")),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
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
