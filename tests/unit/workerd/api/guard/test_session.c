/*
 * Session tokens: their two forms, their hashes, and the cookie of a request.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/guard/session.h"

#define TOKEN  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"
#define SHARED "p." TOKEN

static bool
hashes_are_equal(const char *password, const char *token, struct hash256 other)
{
	const struct settings settings = {
	    .dashboard_password = password == NULL ? NULL : (char *)(uintptr_t)password};
	const struct hash256 hash = session_hash(&settings, slice_str(token));

	return hash_equal(&hash, &other);
}

TEST(a_new_token_shows_its_kind)
{
	char user[SESSION_TOKEN_SIZE], shared[SESSION_TOKEN_SIZE], other[SESSION_TOKEN_SIZE];

	for (int i = 0; i < 100; i++) {
		session_token_new(false, user);
		assert_int_equal(strlen(user), SECRET_TOKEN_TEXT);
		assert_false(session_is_shared(slice_str(user)));
		session_token_new(true, shared);
		assert_int_equal(strlen(shared), SESSION_TOKEN_SIZE - 1);
		assert_true(session_is_shared(slice_str(shared)));
		session_token_new(true, other);
		assert_string_not_equal(shared, other);
	}
}

TEST(a_truncated_prefix_is_not_shared)
{
	static const char *const cut[] = {"", "p", "p.", "P." TOKEN, "." TOKEN, TOKEN};

	for (size_t i = 0; i < ARRAY_LEN(cut); i++)
		assert_false(session_is_shared(slice_str(cut[i])));
	assert_true(session_is_shared(slice_str("p.x")));
}

TEST(the_hash_of_a_shared_token_depends_on_the_password)
{
	char one[] = "one";
	const struct settings settings = {.dashboard_password = one};
	const struct hash256 shared = session_hash(&settings, slice_str(SHARED));

	assert_true(hashes_are_equal("one", SHARED, shared));
	assert_false(hashes_are_equal("two", SHARED, shared));
	assert_false(hashes_are_equal("one ", SHARED, shared));
	assert_false(hashes_are_equal(NULL, SHARED, shared));
	assert_false(hashes_are_equal("one", SHARED "x", shared));
	assert_false(hashes_are_equal("one", SHARED, secret_hash(slice_str(SHARED))));
	assert_false(hashes_are_equal("one", TOKEN, shared));
	/* That of a user's token does not. */
	assert_true(hashes_are_equal("one", TOKEN, secret_hash(slice_str(TOKEN))));
	assert_true(hashes_are_equal("two", TOKEN, secret_hash(slice_str(TOKEN))));
	assert_true(hashes_are_equal(NULL, TOKEN, secret_hash(slice_str(TOKEN))));
}

#define THREE "banter_session=a; banter_session=b; banter_session=c; "

TEST(all_session_cookies_are_found)
{
	static const struct {
		const char *cookies;
		size_t n;
		const char *token, *secure; /* that of the nth cookie; "": none */
	} cases[] = {
	    {"", 0, "", ""},
	    {"banter_session", 0, "", ""},
	    {"banter_session=", 0, "", ""},
	    {"banter_session=a", 0, "a", ""},
	    {"banter_session=a", 1, "", ""},
	    {"banter_session=p.a; banter_session=b", 0, "p.a", ""},
	    {"banter_session=p.a; banter_session=b", 1, "b", ""},
	    {"banter_session=; banter_session=b", 0, "b", ""},
	    {"banter_session=a; __Host-banter_session=b", 0, "a", "b"},
	    {"__host-banter_session=a; __Host-Banter_session=b", 0, "", ""},
	    {"a=b; banter_session=c;d=e", 0, "c", ""},
	    {"a=b;banter_session=c", 0, "c", ""},
	    {"xbanter_session=a; banter_sessions=b", 0, "", ""},
	    {"a=banter_session=b", 0, "", ""},
	    {";;  ; banter_session=a;", 0, "a", ""},
	    {THREE "banter_session=d; banter_session=e", 3, "d", ""},
	    {THREE "banter_session=d; banter_session=e", 4, "", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_header header = {slice_str("Cookie"), slice_str(cases[i].cookies)};
		struct http_request req = {.n_headers = 1, .headers = &header};

		if (!slice_eq_str(session_token(&req, false, cases[i].n), cases[i].token) ||
		    !slice_eq_str(session_token(&req, true, cases[i].n), cases[i].secure))
			fail_msg("%s", cases[i].cookies);
	}
	assert_int_equal(
	    session_token(&(struct http_request){.n_headers = 0}, false, 0).len, 0);
}

TEST_MAIN(NULL, NULL)
