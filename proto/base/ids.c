/*
 * Generates, formats and parses ids (RFC 9562, section 5.7; the counter is section 6.2, method 1).
 *
 * An id costs no system call: the clock comes from the vDSO and the random bits from a pool that
 * OpenSSL fills for 64 ids at once. The state belongs to the process's main thread. A fork never
 * copies it: our processes fork only to exec, so no two have the same pool.
 */
#include "proto/base/ids.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/hex.h"
#include "proto/base/secrets.h"

#define POOL_SIZE   512
#define COUNTER_MAX 0xfff

static void
id_random(uint8_t out[8])
{
	static uint8_t pool[POOL_SIZE];
	static size_t used = POOL_SIZE;

	if (used == POOL_SIZE) {
		secret_random(pool, POOL_SIZE);
		used = 0;
	}
	memcpy(out, pool + used, 8);
	used += 8;
}

/* The next timestamp and counter. A clock that steps back is ignored until it has caught up, and
 * the 4097th id of a millisecond takes the next millisecond: ids stay in order while their time
 * runs slightly ahead. */
static void
id_next_timestamp(uint64_t *ms, unsigned *counter)
{
	static uint64_t last_ms;
	static unsigned last_counter;
	uint64_t now = clock_wall_ms();

	if (now > last_ms) {
		last_ms = now;
		last_counter = 0;
	} else if (last_counter == COUNTER_MAX) {
		last_ms++;
		last_counter = 0;
	} else {
		last_counter++;
	}
	*ms = last_ms;
	*counter = last_counter;
}

struct id
id_new(void)
{
	struct id id;
	uint64_t ms;
	unsigned counter;

	id_next_timestamp(&ms, &counter);
	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.b[6] = (uint8_t)(0x70 | counter >> 8);
	id.b[7] = (uint8_t)counter;
	id_random(id.b + 8);
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

bool
id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool
id_is_zero(const struct id *a)
{
	static const struct id zero;

	return id_equal(a, &zero);
}

uint64_t
id_ms(const struct id *id)
{
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	return ms;
}

/* Whether the text has a dash before byte i: 8-4-4-4-12 digits. */
static bool
id_dash_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void
id_format(const struct id *id, char out[ID_TEXT_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < sizeof(id->b); i++) {
		if (id_dash_before(i))
			*p++ = '-';
		*p++ = digits[id->b[i] >> 4];
		*p++ = digits[id->b[i] & 0xf];
	}
	*p = '\0';
}

int
id_parse(struct slice text, struct id *out)
{
	const uint8_t *p = text.p;
	struct id id;

	if (text.len != ID_TEXT_LEN)
		return -1;
	for (size_t i = 0; i < sizeof(id.b); i++, p += 2) {
		int byte;

		if (id_dash_before(i) && *p++ != '-')
			return -1;
		byte = hex_value2(p);
		if (byte == -1)
			return -1;
		id.b[i] = (uint8_t)byte;
	}
	*out = id;
	return 0;
}
