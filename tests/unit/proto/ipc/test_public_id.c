/*
 * Public ids of widgets.
 */
#include "proto/ipc/public_id.h"
#include "tests/unit/unit.h"

TEST(public_ids_are_unique_and_have_one_form)
{
	char a[PUBLIC_ID_TEXT + 1], b[PUBLIC_ID_TEXT + 1];

	public_id_new(a);
	public_id_new(b);
	assert_int_equal(strlen(a), PUBLIC_ID_TEXT);
	assert_int_equal(strlen(b), PUBLIC_ID_TEXT);
	assert_memory_equal(a, "wid_", 4);
	assert_string_not_equal(a, b);
}

TEST_MAIN(NULL, NULL)
