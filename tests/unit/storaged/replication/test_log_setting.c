/*
 * Which connection strings STORE_LOG may have.
 */
#include "storaged/replication/log_setting.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

TEST(a_setting_names_a_user_and_a_unix_socket)
{
	static const char *const valid[] = {
	    "user=banter",
	    "host=/run/banter-cluster user=banter dbname=banter password=secret",
	    "host=/run/a,/run/b user=banter target_session_attrs=read-write",
	    "host='' user=banter",
	    "host=@abstract user=banter",
	    "postgresql://banter@/banter?host=/run/banter-cluster",
	    "user=banter passfile=''",
	};

	for (size_t i = 0; i < ARRAY_LEN(valid); i++)
		assert_null(log_setting_fault(valid[i]));
}

TEST(a_setting_that_cannot_work_is_refused_with_the_reason_and_without_its_values)
{
	static const struct {
		const char *setting, *fault;
	} cases[] = {
	    {"", "user="},
	    {"host=/run/banter-cluster password=secret", "user="},
	    {"postgresql:///banter?host=/run/banter-cluster", "user="},
	    {"user='' password=secret", "user="},
	    {"host=secret user=banter", "Unix socket"},
	    {"host=/run/a,secret user=banter", "Unix socket"},
	    {"hostaddr=127.0.0.1 user=banter", "Unix socket"},
	    {"user=banter service=secret", "service="},
	    {"user=banter passfile=/secret", "passfile="},
	    {"secret", "connection string"},
	    {"user=banter secret=1", "connection string"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = log_setting_fault(cases[i].setting);

		assert_non_null(fault);
		assert_non_null(strstr(fault, cases[i].fault));
		assert_null(strstr(fault, "secret"));
	}
}

TEST(libpqs_variables_are_removed_and_no_others)
{
	static const char *const names[] = {"PGHOST", "PGPORT", "PGSERVICE", "PGUSER"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(setenv(names[i], "x", 1), 0);
	assert_int_equal(setenv("XPGHOST", "x", 1), 0);
	log_setting_clear_environment();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_null(getenv(names[i]));
	assert_string_equal(getenv("XPGHOST"), "x");
	assert_non_null(getenv("PATH"));
}

TEST_MAIN(NULL, NULL)
