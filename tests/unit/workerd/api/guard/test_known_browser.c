/*
 * The cookie of browsers that signed in before: found for its account alone, for its time, and unforgeable.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/guard/known_browser.h"

#define MS         UINT64_C(1800000000000) /* the time in the id below */
#define LIFE_MS    (KNOWN_BROWSER_SECONDS * UINT64_C(1000))
#define ID         "01a3185c-5000-7000-8000-000000000001"
#define OTHER_ID   "01a3185c-5000-7000-8000-000000000002"
#define FOREIGN_ID "01a3185c-5000-7000-8000-00000000000g"

static const struct hash256 secret = {{1}}, other_secret = {{2}}, account = {{3}},
			    other = {{4}};

static char value[KNOWN_BROWSER_TEXT + 1]; /* of the browser ID, for the account */

FIXTURE(set_up)
{
	struct id browser;

	assert_int_equal(id_parse(slice_str(ID), &browser), 0);
	known_browser_format(&secret, &account, &browser, value);
}

static bool
finds(const char *cookies, bool secure, const struct hash256 *key, const struct hash256 *whose,
    uint64_t now_ms)
{
	struct http_header header = {slice_str("Cookie"), slice_str(cookies)};
	struct http_request req = {.n_headers = 1, .headers = &header};
	char text[ID_TEXT_LEN + 1];
	struct id browser;

	if (!known_browser_find(&req, secure, key, whose, now_ms, &browser))
		return false;
	id_format(&browser, text);
	assert_string_equal(text, ID);
	return true;
}

TEST(a_cookie_is_found_if_its_value_is_intact)
{
	static const struct {
		const char *before, *id, *after;
		bool plain, secure; /* found as a cookie of this kind */
	} cases[] = {
	    {"banter_known=", ID, "", true, false},
	    {"__Host-banter_known=", ID, "", false, true},
	    {"a=b; banter_known=x; banter_known=", ID, "; c=d", true, false},
	    {"banter_known=;banter_known=", ID, "", true, false},
	    {"banter_known=", ID, "x", false, false},
	    {"banter_known=", OTHER_ID, "", false, false},
	    {"banter_known=", FOREIGN_ID, "", false, false},
	    {"banter_known=x", ID, "", false, false},
	    {"banter_session=", ID, "", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char cookies[512];

		(void)snprintf(cookies, sizeof(cookies), "%s%s%s%s", cases[i].before,
		    cases[i].id, value + ID_TEXT_LEN, cases[i].after);
		if (finds(cookies, false, &secret, &account, MS) != cases[i].plain ||
		    finds(cookies, true, &secret, &account, MS) != cases[i].secure)
			fail_msg("%s", cookies);
	}
}

TEST(a_cookie_is_found_for_its_account_and_secret_and_time)
{
	char cookies[512];
	struct http_request none = {.n_headers = 0};
	struct id browser;

	(void)snprintf(cookies, sizeof(cookies), "banter_known=%s", value);
	assert_false(finds(cookies, false, &secret, &other, MS));
	assert_false(finds(cookies, false, &other_secret, &account, MS));
	assert_true(finds(cookies, false, &secret, &account, MS + LIFE_MS - 1));
	assert_false(finds(cookies, false, &secret, &account, MS + LIFE_MS));
	assert_false(known_browser_find(&none, false, &secret, &account, MS, &browser));
}

/* Each single character counts: of the id, the dot and the MAC. */
TEST(a_changed_or_truncated_value_is_not_found)
{
	for (size_t i = 0; i < KNOWN_BROWSER_TEXT; i++) {
		char changed[512], shorter[512];

		(void)snprintf(changed, sizeof(changed), "banter_known=%s", value);
		(void)snprintf(shorter, sizeof(shorter), "banter_known=%.*s", (int)i, value);
		changed[strlen("banter_known=") + i] ^= 1;
		assert_false(finds(changed, false, &secret, &account, MS));
		assert_false(finds(shorter, false, &secret, &account, MS));
	}
}

TEST_MAIN(set_up, NULL)
