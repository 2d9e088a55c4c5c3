/*
 * The low half of XXH3, whose results are the same in every version of the library since 0.8.0.
 */
#include "storaged/engine/checksum.h"

#include <string.h>

#include <xxhash.h>

#include "proto/base/basics.h"

/* In the machine's byte order, like all of LMDB's file. */
static uint32_t
checksum_of(enum table table, struct slice key, struct slice value)
{
	XXH64_hash_t place = XXH3_64bits_withSeed(key.p, key.len, (XXH64_hash_t)table);

	return (uint32_t)(XXH3_64bits(value.p, value.len) ^ place);
}

void
checksum_add(enum table table, struct slice key, struct slice value, uint8_t *out)
{
	uint32_t sum = checksum_of(table, key, value);

	if (value.len > 0)
		must(slice_copy(value, out, value.len));
	memcpy(out + value.len, &sum, sizeof(sum));
}

bool
checksum_remove(enum table table, struct slice key, struct slice stored, struct slice *value)
{
	uint32_t sum;

	*value = (struct slice){stored.p, 0};
	if (stored.len < sizeof(sum))
		return false;
	value->len = stored.len - sizeof(sum);
	memcpy(&sum, stored.p + value->len, sizeof(sum));
	return sum == checksum_of(table, key, *value);
}
