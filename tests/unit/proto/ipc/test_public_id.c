/*
 * Public ids of widgets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proto/ipc/public_id.h"

static void
public_ids_are_unique_and_have_one_form(void **unused)
{
	char a[PUBLIC_ID_TEXT + 1], b[PUBLIC_ID_TEXT + 1];

	(void)unused;
	public_id_new(a);
	public_id_new(b);
	assert_int_equal(strlen(a), PUBLIC_ID_TEXT);
	assert_int_equal(strlen(b), PUBLIC_ID_TEXT);
	assert_memory_equal(a, "wid_", 4);
	assert_string_not_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(public_ids_are_unique_and_have_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
