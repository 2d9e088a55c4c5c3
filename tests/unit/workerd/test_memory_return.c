/* Memory that a burst has used returns to the system. */
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/process_usage.h"
#include "workerd/memory_return.h"

#define BLOCK  1024
#define BLOCKS (32 * 1024)

static size_t
resident(void)
{
	struct usage usage;

	assert_int_equal(usage_of((uint64_t)getpid(), &usage), 0);
	return usage.resident_bytes;
}

/* The second burst uses the memory of the first one again. Its last block keeps the heap from shrinking by
 * itself. */
static void
burst(char **last)
{
	static char *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = xcalloc(1, BLOCK);
		memset(blocks[i], 'x', BLOCK);
	}
	for (size_t i = 0; i < BLOCKS - 1; i++)
		free(blocks[i]);
	*last = blocks[BLOCKS - 1];
}

TEST(memory_returns_to_the_system_after_each_burst)
{
	struct memory_return m = {0};
	size_t before = resident();
	char *last[2];

#ifdef __SANITIZE_ADDRESS__
	SKIP("a sanitizer keeps freed memory");
#endif
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		burst(&last[i]);
		assert_in_range(resident(), before + BLOCKS * BLOCK, SIZE_MAX);
		memory_return_check(&m);
		assert_in_range(resident(), 0, before + BLOCKS * BLOCK / 4);
	}
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		free(last[i]);
}

TEST_MAIN(NULL, NULL)
