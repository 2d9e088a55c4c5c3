/*
 * Session tokens: their two forms, their hashes, and the cookie of a request.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/guard/session.h"

#define TOKEN  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"
#define SHARED "p." TOKEN

static struct hash256
hash_with(const char *password, const char *token)
{
	char copy[64];
	struct settings settings = {.dashboard_password = NULL};

	if (password != NULL) {
		assert_true(strlen(password) < sizeof(copy));
		memcpy(copy, password, strlen(password) + 1);
		settings.dashboard_password = copy;
	}
	return session_hash(&settings, slice_str(token));
}

static bool
same(struct hash256 a, struct hash256 b)
{
	return hash_equal(&a, &b);
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

TEST(a_users_hash_is_independent_of_the_password)
{
	assert_true(same(hash_with("one", TOKEN), secret_hash(slice_str(TOKEN))));
	assert_true(same(hash_with("one", TOKEN), hash_with("two", TOKEN)));
	assert_true(same(hash_with("one", TOKEN), hash_with(NULL, TOKEN)));
}

TEST(a_shared_hash_depends_on_the_password)
{
	const struct hash256 one = hash_with("one", SHARED);

	assert_true(same(one, hash_with("one", SHARED)));
	assert_false(same(one, hash_with("two", SHARED)));
	assert_false(same(one, hash_with("one ", SHARED)));
	assert_false(same(one, hash_with(NULL, SHARED)));
	assert_false(same(one, hash_with("one", SHARED "x")));
	assert_false(same(one, secret_hash(slice_str(SHARED))));
	assert_false(same(one, hash_with("one", TOKEN)));
}

TEST(the_first_session_cookie_counts)
{
	static const struct {
		const char *cookies, *token;
	} cases[] = {
	    {"", ""},
	    {"banter_session", ""},
	    {"banter_session=", ""},
	    {"banter_session=a", "a"},
	    {"banter_session=p.a; banter_session=b", "p.a"},
	    {"banter_session=; banter_session=b", "b"},
	    {"a=b; banter_session=c;d=e", "c"},
	    {"a=b;banter_session=c", "c"},
	    {"xbanter_session=a; banter_sessions=b", ""},
	    {"a=banter_session=b", ""},
	    {";;  ; banter_session=a;", "a"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_header header = {slice_str("Cookie"), slice_str(cases[i].cookies)};
		struct http_request req = {.n_headers = 1, .headers = &header};

		if (!slice_eq_str(session_token(&req), cases[i].token))
			fail_msg("%s", cases[i].cookies);
	}
	assert_int_equal(session_token(&(struct http_request){.n_headers = 0}).len, 0);
}

TEST_MAIN(NULL, NULL)
