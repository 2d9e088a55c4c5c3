#include "storaged/cli/foreign/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/foreign/json_objects.h"

#define FIRST_PLACES ((size_t)1 << 16)

/* The texts of one item, at most. */
#define ITEM_MAX (4 * JSON_OBJECT_MAX)

int
spool_open(struct spool *s)
{
	FILE *index;

	*s = (struct spool){.index = -1, .items = tmpfile()};
	buf_init(&s->item, ITEM_MAX);
	if (s->items == NULL)
		return -1;
	index = tmpfile();
	if (index == NULL)
		return -1;
	s->index = dup(fileno(index));
	(void)fclose(index);
	return s->index == -1 ? -1 : 0;
}

void
spool_close(struct spool *s)
{
	if (s->items != NULL)
		(void)fclose(s->items);
	if (s->places != NULL)
		(void)munmap(s->places, s->capacity * sizeof(*s->places));
	closefd(&s->index);
	buf_clear(&s->item);
}

/* Makes room for one more place. The pages are reserved, so that a full disk is an error and no signal. */
static int
spool_grow(struct spool *s)
{
	size_t capacity = s->capacity == 0 ? FIRST_PLACES : 2 * s->capacity;
	void *places;

	errno = posix_fallocate(s->index, 0, (off_t)(capacity * sizeof(*s->places)));
	if (errno != 0)
		return -1;
	places = s->places == NULL ? mmap(NULL, capacity * sizeof(*s->places),
					 PROT_READ | PROT_WRITE, MAP_SHARED, s->index, 0)
				   : mremap(s->places, s->capacity * sizeof(*s->places),
					 capacity * sizeof(*s->places), MREMAP_MAYMOVE);
	if (places == MAP_FAILED)
		return -1;
	s->places = places;
	s->capacity = capacity;
	return 0;
}

static bool
spool_write(struct spool *s, const void *p, size_t n)
{
	return n == 0 || fwrite(p, n, 1, s->items) == 1;
}

void
spool_add(struct spool *s, const struct item *item)
{
	off_t offset = s->error == 0 ? ftello(s->items) : -1;
	uint32_t lengths[ITEM_TEXTS];
	bool written;

	if (s->error != 0)
		return;
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		lengths[i] = (uint32_t)item->text[i].len;
	written = offset != -1 && (s->n < s->capacity || spool_grow(s) == 0) &&
	    spool_write(s, item, sizeof(*item)) && spool_write(s, lengths, sizeof(lengths));
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		written = written && spool_write(s, item->text[i].p, item->text[i].len);
	if (!written) {
		s->error = errno;
		return;
	}
	s->places[s->n++] = (struct item_place){.group = item->group,
	    .at = item->at,
	    .offset = (uint64_t)offset,
	    .kind = item->kind};
}

static int
spool_order(uint8_t kind)
{
	return kind > ITEM_CONVERSATION ? ITEM_CONVERSATION : kind;
}

static int
spool_compare(const void *a, const void *b)
{
	const struct item_place *x = a, *y = b;
	int by = spool_order(x->kind) - spool_order(y->kind);

	if (by == 0)
		by = memcmp(x->group.b, y->group.b, sizeof(x->group.b));
	if (by == 0)
		by = (x->kind > ITEM_CONVERSATION) - (y->kind > ITEM_CONVERSATION);
	if (by == 0)
		by = (x->at > y->at) - (x->at < y->at);
	return by != 0 ? by : (x->offset > y->offset) - (x->offset < y->offset);
}

void
spool_sort(struct spool *s)
{
	if (s->n > 0)
		qsort(s->places, s->n, sizeof(*s->places), spool_compare);
	if (fflush(s->items) != 0 && s->error == 0)
		s->error = errno;
}

static int
spool_read_bytes(struct spool *s, size_t n)
{
	uint8_t *p = buf_reserve(&s->item, n);

	if (p == NULL || (n > 0 && fread(p, n, 1, s->items) != 1)) {
		errno = EIO;
		return -1;
	}
	buf_commit(&s->item, n);
	return 0;
}

int
spool_read(struct spool *s, const struct item_place *place, struct item *item)
{
	uint32_t lengths[ITEM_TEXTS];
	size_t at = 0;

	buf_reset(&s->item);
	if (fseeko(s->items, (off_t)place->offset, SEEK_SET) == -1 ||
	    fread(item, sizeof(*item), 1, s->items) != 1 ||
	    fread(lengths, sizeof(lengths), 1, s->items) != 1) {
		errno = EIO;
		return -1;
	}
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		if (spool_read_bytes(s, lengths[i]) == -1)
			return -1;
	for (size_t i = 0; i < ITEM_TEXTS; i++) {
		item->text[i] = (struct slice){buf_data(&s->item) + at, lengths[i]};
		at += lengths[i];
	}
	return 0;
}
