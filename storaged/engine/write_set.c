/*
 * Encodes and decodes the changes of a transaction.
 */
#include "storaged/engine/write_set.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "proto/base/basics.h"

#define DELETION 0x80u

static uint8_t *
write_set_add(uint8_t *out, const void *p, size_t n)
{
	if (n > 0)
		memcpy(out, p, n);
	return out + n;
}

/* value: NULL for a deletion. */
static int
write_set_entry(struct buf *set, enum table table, struct slice key, const struct slice *value)
{
	const char *name = table_name(table);
	size_t name_len = strlen(name), value_len = value == NULL ? 0 : value->len;
	uint8_t kind = (uint8_t)(name_len | (value == NULL ? DELETION : 0));
	uint16_t key_le = htole16((uint16_t)key.len);
	uint32_t value_le = htole32((uint32_t)value_len);
	size_t size = sizeof(kind) + sizeof(key_le) + (value == NULL ? 0 : sizeof(value_le)) +
	    name_len + key.len + value_len;
	uint8_t *out;

	must(name_len < DELETION && key.len <= UINT16_MAX && value_len <= UINT32_MAX);
	out = buf_reserve(set, size);
	if (out == NULL)
		return errno;
	out = write_set_add(out, &kind, sizeof(kind));
	out = write_set_add(out, &key_le, sizeof(key_le));
	if (value != NULL)
		out = write_set_add(out, &value_le, sizeof(value_le));
	out = write_set_add(out, name, name_len);
	out = write_set_add(out, key.p, key.len);
	if (value != NULL)
		write_set_add(out, value->p, value_len);
	buf_commit(set, size);
	return 0;
}

int
write_set_put(struct buf *set, enum table table, struct slice key, struct slice value)
{
	return write_set_entry(set, table, key, &value);
}

int
write_set_del(struct buf *set, enum table table, struct slice key)
{
	return write_set_entry(set, table, key, NULL);
}

void
write_set_trim(struct buf *set)
{
	buf_reset(set);
	if (buf_spare(set) > WRITE_SET_KEPT)
		buf_release(set);
}

/* Takes n bytes from the front. False: there are fewer. */
static bool
write_set_take(struct slice *set, size_t n, struct slice *taken)
{
	if (n > set->len)
		return false;
	*taken = (struct slice){set->p, n};
	*set = (struct slice){set->p + n, set->len - n};
	return true;
}

static bool
write_set_take_number(struct slice *set, size_t n, uint32_t *number)
{
	uint32_t le = 0;
	struct slice taken;

	if (!write_set_take(set, n, &taken))
		return false;
	memcpy(&le, taken.p, n);
	*number = le32toh(le);
	return true;
}

static bool
write_set_find_table(struct slice name, enum table *table)
{
	for (unsigned i = 0; i < TABLES; i++) {
		if (slice_eq_str(name, table_name((enum table)i))) {
			*table = (enum table)i;
			return true;
		}
	}
	return false;
}

int
write_set_next(struct slice *set, struct write *w)
{
	uint32_t kind, key_len, value_len = 0;
	struct slice name;

	if (set->len == 0)
		return 0;
	if (!write_set_take_number(set, sizeof(uint8_t), &kind) ||
	    !write_set_take_number(set, sizeof(uint16_t), &key_len))
		return -1;
	w->deletes = (kind & DELETION) != 0;
	if (!w->deletes && !write_set_take_number(set, sizeof(uint32_t), &value_len))
		return -1;
	if (!write_set_take(set, kind & ~DELETION, &name) ||
	    !write_set_take(set, key_len, &w->key) ||
	    !write_set_take(set, value_len, &w->value))
		return -1;
	return key_len > 0 && key_len <= KEY_MAX && write_set_find_table(name, &w->table) ? 1
											  : -1;
}
