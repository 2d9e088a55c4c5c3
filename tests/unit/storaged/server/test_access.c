/*
 * Which roles a user may have.
 */
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/ipc/messages.h"
#include "storaged/server/access.h"
#include "tests/unit/unit.h"

enum { SEARCHER = 4001, CRAWLER = 4002, OTHER = 4003 };

#define ALL (ROLE_WORKER | ROLE_TOOL | ROLE_SEARCH | ROLE_CRAWL)

TEST(a_user_may_have_only_its_own_role)
{
	static const struct access access = {.has_searcher = true,
	    .searcher = SEARCHER,
	    .has_crawler = true,
	    .crawler = CRAWLER};
	const struct {
		uid_t uid;
		bool member;
		unsigned roles;
	} cases[] = {
	    {geteuid(), false, ALL},
	    {0, false, ALL},
	    {SEARCHER, false, ROLE_SEARCH},
	    {SEARCHER, true, ROLE_SEARCH},
	    {CRAWLER, false, ROLE_CRAWL},
	    {CRAWLER, true, ROLE_CRAWL},
	    {OTHER, true, ROLE_WORKER},
	    {OTHER, false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    access_roles_of(&access, cases[i].uid, cases[i].member), cases[i].roles);
}

TEST(without_users_nobody_else_searches_or_crawls)
{
	static const struct access access = {.shared = true};

	assert_int_equal(access_roles_of(&access, SEARCHER, false), 0);
	assert_int_equal(access_roles_of(&access, CRAWLER, true), ROLE_WORKER);
}

TEST(users_are_found_by_name_and_an_unknown_one_is_a_fault_of_the_settings)
{
	struct access access;

	log_open("test", (enum log_level)0);
	assert_int_equal(access_init(&access, NULL, NULL, "root"), 0);
	assert_true(access.has_crawler && access.crawler == 0 && !access.has_searcher);
	assert_int_equal(access_init(&access, NULL, "root", NULL), 0);
	assert_true(access.has_searcher && !access.has_crawler);
	assert_int_equal(access_init(&access, NULL, NULL, "no-such-user-here"), EX_CONFIG);
	assert_int_equal(access_init(&access, NULL, "no-such-user-here", NULL), EX_CONFIG);
}

TEST_MAIN(NULL, NULL)
