/*
 * libxxhash. Its results are the same in every version since 0.8.0.
 */
#include "storaged/cli/files/file_sum.h"

#include <inttypes.h>
#include <stdio.h>

#include <xxhash.h>

#include "proto/base/basics.h"

void
file_sum_init(struct file_sum *s)
{
	*s = (struct file_sum){.state = XXH3_createState()};
	must(s->state != NULL && XXH3_64bits_reset(s->state) == XXH_OK);
}

void
file_sum_add(struct file_sum *s, const void *p, size_t n)
{
	must(XXH3_64bits_update(s->state, p, n) == XXH_OK);
	s->bytes += n;
}

struct file_sum_text
file_sum_text(const struct file_sum *s)
{
	struct file_sum_text text;

	(void)snprintf(
	    text.s, sizeof(text.s), "%016" PRIx64, (uint64_t)XXH3_64bits_digest(s->state));
	return text;
}

void
file_sum_clear(struct file_sum *s)
{
	XXH3_freeState(s->state);
	s->state = NULL;
}
