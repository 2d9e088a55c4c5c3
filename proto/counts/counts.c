/*
 * Counts of conversations: histogram buckets and the encoding.
 */
#include "proto/counts/counts.h"

#include <inttypes.h>

/* The highest bits of a time, behind its first one, that choose the bucket. */
#define FINE_BITS 2u
#define FINE      (1u << FINE_BITS)

unsigned
counts_bucket(uint32_t ms)
{
	unsigned doublings;

	if (ms < FINE)
		return ms;
	doublings = 31u - (unsigned)__builtin_clz(ms) - FINE_BITS;
	return (doublings << FINE_BITS) + (ms >> doublings);
}

/* The first time of a bucket, and how many it has. */
static uint64_t
counts_bucket_times(unsigned bucket, uint64_t *width)
{
	unsigned doublings = bucket < 2 * FINE ? 0 : (bucket >> FINE_BITS) - 1;

	*width = (uint64_t)1 << doublings;
	return (uint64_t)(bucket - (doublings << FINE_BITS)) << doublings;
}

/* The rank-th of n times of a bucket, if they are spread evenly. */
static uint32_t
counts_time_in_bucket(unsigned bucket, uint64_t rank, uint64_t n)
{
	uint64_t width, first = counts_bucket_times(bucket, &width);
	double part = ((double)rank - 0.5) / (double)n;

	return (uint32_t)(first + (uint64_t)((double)width * part));
}

uint32_t
counts_percentile(const struct counts *c, enum count_histogram histogram, unsigned percent)
{
	const uint64_t *n = c->n + histogram;
	uint64_t total = 0, rank;

	for (unsigned i = 0; i < COUNT_BUCKETS; i++)
		total += n[i];
	rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
	for (unsigned i = 0; i < COUNT_BUCKETS; i++) {
		if (n[i] > 0 && rank <= n[i])
			return counts_time_in_bucket(i, rank, n[i]);
		rank -= n[i];
	}
	return 0;
}

void
counts_add(struct counts *to, const struct counts *c)
{
	for (unsigned i = 0; i < COUNTS; i++)
		to->n[i] += c->n[i];
}

uint8_t *
counts_put_integer(uint8_t *at, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*at++ = (uint8_t)(n | 0x80);
	*at++ = (uint8_t)n;
	return at;
}

size_t
counts_encode(const struct counts *c, uint8_t *out)
{
	uint8_t *at = out;
	unsigned next = 0;

	for (unsigned i = 0; i < COUNTS; i++) {
		if (c->n[i] == 0)
			continue;
		at = counts_put_integer(at, i - next);
		at = counts_put_integer(at, c->n[i]);
		next = i + 1;
	}
	return (size_t)(at - out);
}

bool
counts_take_integer(struct slice *in, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; in->len > 0 && shift < 64; shift += 7) {
		uint8_t byte = *in->p++;
		uint64_t bits = byte & 0x7f;

		in->len--;
		if (bits << shift >> shift != bits || (byte == 0 && shift > 0))
			return false;
		*n |= bits << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

bool
counts_add_encoded(struct counts *to, struct slice in)
{
	uint64_t distance, n, next = 0;

	while (in.len > 0) {
		if (!counts_take_integer(&in, &distance) || !counts_take_integer(&in, &n) ||
		    distance >= COUNTS - next || n == 0)
			return false;
		to->n[next + distance] += n;
		next += distance + 1;
	}
	return true;
}

int
counts_write_text(struct buf *out, const struct counts *c)
{
	const char *before = "";

	for (unsigned i = 0; i < COUNTS; i++) {
		if (c->n[i] == 0)
			continue;
		if (buf_printf(out, "%s%u:%" PRIu64, before, i, c->n[i]) == -1)
			return -1;
		before = " ";
	}
	return 0;
}

/* Takes a decimal number below 2^53, and the byte behind it. */
static bool
counts_take_number(struct slice *in, char behind, uint64_t *n)
{
	size_t digits = 0;

	for (*n = 0; in->len > 0 && in->p[0] >= '0' && in->p[0] <= '9' && digits < 16;
	     digits++) {
		*n = *n * 10 + (uint64_t)(*in->p++ - '0');
		in->len--;
	}
	if (digits == 0 || *n >= (uint64_t)1 << 53)
		return false;
	if (in->len == 0)
		return behind == ' ';
	in->len--;
	return *in->p++ == (uint8_t)behind;
}

bool
counts_read_text(struct counts *c, struct slice text)
{
	uint64_t count, n, next = 0;

	*c = (struct counts){{0}};
	while (text.len > 0) {
		if (!counts_take_number(&text, ':', &count) ||
		    !counts_take_number(&text, ' ', &n) || count < next || count >= COUNTS)
			return false;
		c->n[count] = n;
		next = count + 1;
	}
	return true;
}
