/*
 * A row of the commit log, which another machine wrote: its changes are read within its bytes, and are the same bytes when
 * they are written again.
 */
#include "storaged/engine/write_set.h"
#include "tests/fuzz/fuzz.h"

FUZZ(write_set)
{
	struct slice rest = in;
	struct write w;
	struct buf again;
	int found;

	buf_init(&again, in.len + 1);
	while ((found = write_set_next(&rest, &w)) == 1) {
		must(w.table < TABLES && w.key.len > 0 && w.key.len <= KEY_MAX);
		must(!w.deletes || w.value.len == 0);
		must((w.deletes ? write_set_del(&again, w.table, w.key)
				: write_set_put(&again, w.table, w.key, w.value)) == 0);
	}
	must(buf_len(&again) <= in.len);
	must(memcmp(buf_data(&again), in.p, buf_len(&again)) == 0);
	must(found == -1 || buf_len(&again) == in.len);
	buf_clear(&again);
}
