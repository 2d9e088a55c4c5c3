/*
 * Passwords: the standard's known answer, the text form, and invalid texts.
 */
#include "proto/base/password.h"
#include "tests/unit/unit.h"

static enum password_verdict
verify(const char *password, const char *text)
{
	return password_verify(slice_str(password), slice_str(text));
}

/* RFC 7914, section 12, third vector: its first 32 bytes are scrypt's result for that length. */
static const char known[] = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
			    "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI";

TEST(the_vector_of_the_rfc_verifies)
{
	assert_int_equal(verify("pleaseletmein", known), PASSWORD_CORRECT);
	assert_int_equal(verify("pleaseletmeiN", known), PASSWORD_WRONG);
	assert_int_equal(verify("", known), PASSWORD_WRONG);
}

TEST(a_hash_matches_only_its_password)
{
	char text[PASSWORD_TEXT_SIZE], other[PASSWORD_TEXT_SIZE];

	assert_int_equal(password_hash(slice_str("correct horse"), text), 0);
	assert_int_equal(strncmp(text, "$scrypt$ln=16,r=8,p=1$", 22), 0);
	assert_int_equal(strlen(text), 22 + 22 + 1 + 43);
	assert_int_equal(verify("correct horse", text), PASSWORD_CORRECT);
	assert_int_equal(verify("correct horsf", text), PASSWORD_WRONG);
	assert_int_equal(password_hash(slice_str("correct horse"), other), 0);
	assert_string_not_equal(text, other);
}

/* NUL is a byte like any other. */
TEST(every_byte_of_a_password_counts)
{
	static const uint8_t a[] = "secret\0one", b[] = "secret\0two";
	char text[PASSWORD_TEXT_SIZE];

	assert_int_equal(password_hash((struct slice){a, 10}, text), 0);
	assert_int_equal(
	    password_verify((struct slice){a, 10}, slice_str(text)), PASSWORD_CORRECT);
	assert_int_equal(
	    password_verify((struct slice){b, 10}, slice_str(text)), PASSWORD_WRONG);
}

TEST(the_dummy_hash_matches_no_password)
{
	assert_int_equal(verify("", password_dummy_hash), PASSWORD_WRONG);
	assert_int_equal(verify("correct horse", password_dummy_hash), PASSWORD_WRONG);
}

#define SALT "$U29kaXVtQ2hsb3JpZGU"
#define HASH "$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

TEST(invalid_texts_are_refused)
{
	static const char *const texts[] = {"", "$", "pleaseletmein",
	    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$aGFzaA", "$scrypt$ln=14,r=8,p=1" SALT,
	    "$scrypt$ln=14,r=8,p=1" SALT "$", "$scrypt$ln=14,r=8,p=1$" HASH,
	    "$scrypt$ln=14,r=8,p=1$QUJD" HASH,
	    /* above our limits */
	    "$scrypt$ln=21,r=1,p=1" SALT HASH, "$scrypt$ln=18,r=9,p=1" SALT HASH,
	    "$scrypt$ln=99,r=8,p=1" SALT HASH, "$scrypt$ln=14,r=33,p=1" SALT HASH,
	    "$scrypt$ln=14,r=8,p=9" SALT HASH, "$scrypt$ln=014,r=8,p=1" SALT HASH,
	    "$scrypt$ln=0,r=8,p=1" SALT HASH, "$scrypt$ln=,r=8,p=1" SALT HASH,
	    "$scrypt$ln=-1,r=8,p=1" SALT HASH, "$scrypt$r=8,ln=14,p=1" SALT HASH,
	    /* invalid base64 */
	    "$scrypt$ln=14,r=8,p=1" SALT HASH "=", "$scrypt$ln=14,r=8,p=1" SALT HASH "\n",
	    "$scrypt$ln=14,r=8,p=1" SALT "=" HASH, "$scrypt$ln=14,r=8,p=1" SALT HASH HASH,
	    "$scrypt$ln=14,r=8,p=1" SALT "$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI",
	    "$scrypt$ln=14,r=8,p=1" SALT "$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofJ",
	    "$scrypt$ln=14,r=8,p=1" SALT "$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdoQ",
	    "$scrypt$ln=14,r=8,p=1" SALT HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (verify("pleaseletmein", texts[i]) != PASSWORD_ERROR)
			fail_msg("tried: %s", texts[i]);
}

TEST(a_new_password_has_ten_characters_and_1024_bytes_at_most)
{
	uint8_t text[PASSWORD_MAX + 1];

	memset(text, 'x', sizeof(text));
	assert_null(password_problem((struct slice){text, PASSWORD_NEW_MIN}));
	assert_null(password_problem((struct slice){text, PASSWORD_MAX}));
	assert_non_null(password_problem((struct slice){text, PASSWORD_NEW_MIN - 1}));
	assert_non_null(password_problem((struct slice){text, PASSWORD_MAX + 1}));
	assert_non_null(password_problem(slice_str("")));
	assert_non_null(password_problem(slice_str("nine \xc3\xa4\xc3\xb6\xc3\xbc!")));
	assert_null(password_problem(slice_str("now ten\xc3\xa4\xc3\xb6\xc3\xbc!")));
	assert_non_null(password_problem(slice_str("no UTF-8 at all: \xff\xff\xff")));
}

TEST_MAIN(NULL, NULL)
