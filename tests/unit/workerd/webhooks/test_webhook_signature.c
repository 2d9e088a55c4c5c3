/*
 * Signatures of Standard Webhooks: the example of its documents, and secrets in other forms.
 */
#include "workerd/webhooks/webhook_signature.h"

#include "tests/unit/unit.h"

static void
expect(const char *secret, const char *id, const char *expected)
{
	char signature[WEBHOOK_STANDARD_SIZE];

	webhook_signature_standard(
	    signature, slice_str(secret), id, 1614265330, slice_str("{\"test\": 2432232314}"));
	assert_string_equal(signature, expected);
}

TEST(the_example_of_the_documents)
{
	expect("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(base64url_without_padding_is_the_same_secret)
{
	char standard[WEBHOOK_STANDARD_SIZE];

	webhook_signature_standard(standard,
	    slice_str("whsec_++++//////8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "d", 1614265330,
	    slice_str("{\"test\": 2432232314}"));
	expect("whsec_----______8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "d", standard);
}

TEST(a_secret_that_is_not_base64_is_the_key_itself)
{
	static const char *const secrets[] = {"any text", "whsec_", "whsec_a", "whsec_a b!",
	    "whsec_"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	char text[128], hex[WEBHOOK_SIGNATURE_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		char first[WEBHOOK_STANDARD_SIZE];
		unsigned byte;

		/* The older signature has the same key, and the id and the time before the body make the same text. */
		snprintf(text, sizeof(text), "1.x");
		webhook_signature(hex, slice_str(secrets[i]), 7, slice_str(text));
		webhook_signature_standard(
		    first, slice_str(secrets[i]), "7", 1, slice_str("x"));
		assert_int_equal(sscanf(hex, "t=7,v1=%2x", &byte), 1);
		/* The first six bits. */
		assert_int_equal(
		    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			first[3]) -
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		    byte >> 2);
	}
}

TEST_MAIN(NULL, NULL)
