/*
 * Which roles a user may have on which socket.
 */
#include "proto/access/access.h"

#include <sysexits.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/ipc/messages.h"
#include "tests/unit/unit.h"

enum { FRONT = 4000, SEARCHER = 4001, CRAWLER = 4002, OTHER = 4003, BOTH = 4004 };

static struct access
access_to(enum access_socket socket)
{
	return (struct access){.socket = socket,
	    .shared = true,
	    .group = 4000,
	    .n = 5,
	    .users = {{ACCESS_FRONT, FRONT}, {ACCESS_SEARCHD, SEARCHER},
		{ACCESS_CRAWLD, CRAWLER}, {ACCESS_FRONT, BOTH}, {ACCESS_CRAWLD, BOTH}}};
}

TEST(each_user_may_connect_to_each_socket_only_as_the_table_says)
{
	const struct {
		uid_t uid;
		unsigned store, search;
	} cases[] = {
	    {geteuid(),
		ROLE_WORKER | ROLE_TOOL | ROLE_SEARCH | ROLE_CRAWL | ROLE_MAIL | ROLE_MEDIA,
		ROLE_WORKER | ROLE_TOOL},
	    {0, ROLE_WORKER | ROLE_TOOL | ROLE_SEARCH | ROLE_CRAWL | ROLE_MAIL | ROLE_MEDIA,
		ROLE_WORKER | ROLE_TOOL},
	    {FRONT, ROLE_WORKER, ROLE_WORKER},
	    {SEARCHER, ROLE_SEARCH, 0},
	    {CRAWLER, ROLE_CRAWL, 0},
	    {BOTH, ROLE_WORKER | ROLE_CRAWL, ROLE_WORKER},
	    {OTHER, 0, 0},
	    {(uid_t)-1, 0, 0},
	};
	const struct access store = access_to(ACCESS_STORE), search = access_to(ACCESS_SEARCH);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(access_roles_of(&store, cases[i].uid), cases[i].store);
		assert_int_equal(access_roles_of(&search, cases[i].uid), cases[i].search);
	}
}

TEST(without_settings_only_the_own_user_and_root_connect)
{
	static const struct access none, shared = {.socket = ACCESS_SEARCH, .shared = true};

	assert_int_equal(access_roles_of(&none, SEARCHER), 0);
	assert_int_equal(access_roles_of(&shared, CRAWLER), 0);
	assert_int_equal(access_roles_of(&shared, 0), ROLE_WORKER | ROLE_TOOL);
}

static int
init(struct access *a, const char *front, const char *search_user, const char *crawl_user)
{
	return access_init(a,
	    &(struct access_config){
		.front = front, .search_user = search_user, .crawl_user = crawl_user});
}

TEST(users_are_found_by_name_and_an_unknown_one_is_a_fault_of_the_settings)
{
	struct access access;
	static const char *const wrong[] = {"no-such-user-here", "root,no-such-user-here",
	    "root,", ",root", "root nobody", "a-name-that-is-longer-than-any-user-of-a-system"};

	log_open("test", (enum log_level)0);
	assert_int_equal(init(&access, "nobody,root", NULL, "root"), 0);
	assert_int_equal(access.n, 3);
	assert_true(access.users[0].user == ACCESS_FRONT && access.users[0].uid != 0);
	assert_true(access.users[1].user == ACCESS_FRONT && access.users[1].uid == 0);
	assert_true(access.users[2].user == ACCESS_CRAWLD && access.users[2].uid == 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(init(&access, wrong[i], NULL, NULL), EX_CONFIG);
		assert_int_equal(init(&access, NULL, wrong[i], NULL), EX_CONFIG);
	}
	assert_int_equal(
	    access_init(&access, &(struct access_config){.group = "no-such-group"}), EX_CONFIG);
}

TEST_MAIN(NULL, NULL)
