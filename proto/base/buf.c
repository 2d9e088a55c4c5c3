/*
 * The byte queue: one contiguous block of memory.
 *
 * Consuming moves the start forward and copies nothing. When the end of the memory is reached, the
 * bytes move to the front if the consumed part is at least a quarter as large as they are;
 * otherwise the memory grows. It doubles, but between BUF_SMALL and BUF_LARGE it grows by quarters:
 * most long-lived buffers have that size (the texts of replies in thousands of streams), and
 * doubling would leave a third of it unused. The memory may be a quarter larger than the maximum,
 * so that even a queue that is always nearly full moves each byte at most four times; without this
 * slack each append could move everything.
 */
#include "proto/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define BUF_MIN 256
/* Between these sizes the memory grows by quarters. */
#define BUF_SMALL 1024
#define BUF_LARGE 65536

void
buf_init(struct buf *b, size_t max)
{
	must(max <= BUF_MAX);
	*b = (struct buf){.max = (uint32_t)max};
}

void
buf_clear(struct buf *b)
{
	free(b->mem);
	buf_init(b, b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->mem != NULL)
		explicit_bzero(b->mem, b->cap);
	buf_clear(b);
}

void
buf_reset(struct buf *b)
{
	b->start = b->end = 0;
}

void
buf_release(struct buf *b)
{
	if (buf_len(b) == 0)
		buf_clear(b);
}

size_t
buf_len(const struct buf *b)
{
	return (size_t)b->end - b->start;
}

/* Never NULL, so that memcpy() and write() of zero bytes are legal with it. */
const uint8_t *
buf_data(const struct buf *b)
{
	static const uint8_t nothing[1];

	return b->mem == NULL ? nothing : b->mem + b->start;
}

struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){buf_data(b), buf_len(b)};
}

size_t
buf_room(const struct buf *b)
{
	return b->max - buf_len(b);
}

size_t
buf_spare(const struct buf *b)
{
	size_t behind = b->cap - b->end, room = buf_room(b);

	return behind < room ? behind : room;
}

static void
buf_move_to_front(struct buf *b)
{
	if (b->start == 0)
		return;
	must(b->mem != NULL);
	memmove(b->mem, b->mem + b->start, buf_len(b));
	b->end -= b->start;
	b->start = 0;
}

/* Allocates for n more bytes; the caller has checked that they do not fit. */
static int
buf_grow(struct buf *b, size_t n)
{
	size_t most = (size_t)b->max + b->max / 4 + 1;
	size_t need = buf_len(b) + n;
	bool doubles = b->cap < BUF_SMALL || b->cap >= BUF_LARGE;
	size_t cap = (size_t)b->cap + (doubles ? b->cap : b->cap / 4);
	uint8_t *mem;

	if (cap < BUF_MIN)
		cap = BUF_MIN;
	if (cap > most && most >= BUF_MIN)
		cap = most;
	if (cap < need)
		cap = need;
	buf_move_to_front(b);
	mem = realloc(b->mem, cap);
	if (mem == NULL)
		return -1;
	b->mem = mem;
	b->cap = (uint32_t)cap;
	return 0;
}

/* Ensures n bytes of memory after the end, where buf_len() + n <= max + 1; the extra byte is for
 * the NUL that vsnprintf() writes. Once cap has reached its limit, the consumed part is always
 * large enough to move: start + len + n > max + max / 4 + 1 implies start > max / 4. */
static int
buf_make_space(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (b->mem != NULL && b->cap - b->end >= n)
		return 0;
	if (b->mem == NULL || b->cap - len < n || b->start < len / 4)
		return buf_grow(b, n);
	buf_move_to_front(b);
	return 0;
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	if (n > buf_room(b)) {
		errno = ENOBUFS;
		return NULL;
	}
	if (buf_make_space(b, n) == -1)
		return NULL;
	return b->mem + b->end;
}

void
buf_commit(struct buf *b, size_t n)
{
	must(n <= buf_room(b) && n <= b->cap - b->end);
	b->end += (uint32_t)n;
}

int
buf_append(struct buf *b, const void *p, size_t n)
{
	uint8_t *at;

	if (n == 0)
		return 0;
	at = buf_reserve(b, n);
	if (at == NULL)
		return -1;
	memcpy(at, p, n);
	b->end += (uint32_t)n;
	return 0;
}

int
buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int
buf_append_number(struct buf *b, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return buf_append(b, p, (size_t)(digits + sizeof(digits) - p));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

/* Formats once if the text fits into the memory at hand, otherwise twice. */
int
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t spare = b->cap - b->end;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(spare > 0 ? (char *)b->mem + b->end : NULL, spare, fmt, ap);
	if (n < 0)
		goto out;
	if ((size_t)n > buf_room(b)) {
		errno = ENOBUFS;
		n = -1;
		goto out;
	}
	if ((size_t)n >= spare) {
		if (buf_make_space(b, (size_t)n + 1) == -1) {
			n = -1;
			goto out;
		}
		vsnprintf((char *)b->mem + b->end, (size_t)n + 1, fmt, again);
	}
	b->end += (uint32_t)n;
out:
	va_end(again);
	return n < 0 ? -1 : 0;
}

void
buf_truncate(struct buf *b, size_t len)
{
	must(len <= buf_len(b));
	b->end = b->start + (uint32_t)len;
}

void
buf_consume(struct buf *b, size_t n)
{
	must(n <= buf_len(b));
	b->start += (uint32_t)n;
	if (b->start == b->end)
		buf_reset(b);
}

struct slice
slice_str(const char *s)
{
	return (struct slice){(const uint8_t *)s, strlen(s)};
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
slice_eq_str(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

bool
slice_copy(struct slice s, void *out, size_t size)
{
	if (s.len > size)
		return false;
	if (s.len > 0)
		memcpy(out, s.p, s.len);
	return true;
}

bool
slice_copy_text(struct slice s, char *out, size_t size)
{
	if (s.len >= size || (s.len > 0 && memchr(s.p, '\0', s.len) != NULL))
		return false;
	must(slice_copy(s, out, size));
	out[s.len] = '\0';
	return true;
}

char *
slice_strdup(struct slice s)
{
	char *text = xcalloc(1, s.len + 1);

	must(slice_copy(s, text, s.len));
	return text;
}
