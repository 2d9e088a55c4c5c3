#include "tests/stub/stats.h"

#include <inttypes.h>
#include <string.h>

void
stats_clear(struct stats *st)
{
	bytes_clear(&st->last.path);
	bytes_clear(&st->last.accept);
	bytes_clear(&st->last.content_type);
	bytes_clear(&st->last.user_agent);
	bytes_clear(&st->last.body);
}

void
stats_reset(struct stats *st)
{
	uint64_t connections = st->connections;
	uint32_t epoch = st->epoch;

	stats_clear(st);
	memset(st, 0, sizeof(*st));
	st->connections = connections;
	st->epoch = epoch + 1;
}

uint32_t
stats_begin(struct stats *st)
{
	st->calls++;
	st->active++;
	return st->epoch;
}

void
stats_end(struct stats *st, uint32_t epoch, enum stats_end how)
{
	if (epoch != st->epoch)
		return;
	st->active--;
	st->ended[how]++;
}

void
stats_token(struct stats *st, uint32_t epoch, uint64_t n)
{
	if (epoch == st->epoch)
		st->tokens += n;
}

static void
stats_keep_message(struct stats_message *m, struct span message)
{
	if (message.len > STATS_MESSAGE_LEN)
		message.len = STATS_MESSAGE_LEN;
	m->len = (uint16_t)message.len;
	if (message.len > 0)
		memcpy(m->text, message.p, message.len);
}

static struct span
stats_message_span(const struct stats_message *m)
{
	return (struct span){m->text, m->len};
}

static uint64_t
stats_at_most(uint64_t n, uint64_t max)
{
	return n < max ? n : max;
}

void
stats_add_message(struct stats *st, struct span message)
{
	stats_keep_message(&st->message[st->messages++ % STATS_MESSAGES], message);
}

uint64_t
stats_count_messages(const struct stats *st, struct span part)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < stats_at_most(st->messages, STATS_MESSAGES); i++)
		n += span_contains(stats_message_span(&st->message[i]), part);
	return n;
}

void
stats_release(struct stats *st, struct span part)
{
	stats_keep_message(&st->release[st->releases++ % STATS_RELEASES], part);
}

bool
stats_is_released(const struct stats *st, struct span message)
{
	for (uint64_t i = 0; i < stats_at_most(st->releases, STATS_RELEASES); i++)
		if (span_contains(message, stats_message_span(&st->release[i])))
			return true;
	return false;
}

bool
stats_fails(struct stats *st, struct span message, uint32_t times)
{
	uint64_t hash = span_hash(message);
	uint32_t at;

	/* A linear search of 16 KiB, only for calls that need it. The oldest entry is replaced. */
	for (at = 0; at < STATS_FAILURES; at++) {
		if (st->failure[at].count > 0 && st->failure[at].hash == hash)
			break;
	}
	if (at == STATS_FAILURES) {
		at = st->failures++ % STATS_FAILURES;
		st->failure[at].hash = hash;
		st->failure[at].count = 0;
	}
	if (st->failure[at].count >= times)
		return false;
	st->failure[at].count++;
	return true;
}

void
stats_write(const struct stats *st, struct bytes *out)
{
	bytes_addf(out,
	    "{\"calls\":%" PRIu64 ",\"active\":%" PRIu64 ",\"completed\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"client_disconnects\":%" PRIu64 ",\"tokens\":%" PRIu64
	    ",\"connections\":%" PRIu64 ",\"accepted\":%" PRIu64 "}",
	    st->calls, st->active, st->ended[STATS_COMPLETED], st->ended[STATS_FAILED],
	    st->ended[STATS_DISCONNECTED], st->tokens, st->connections, st->accepted);
}

/* "name":"value", or null for an absent header. */
static void
stats_write_header(struct bytes *out, const char *name, const struct bytes *value)
{
	bytes_addf(out, ",\"%s\":", name);
	if (value->len == 0) {
		bytes_add_str(out, "null");
		return;
	}
	bytes_add_str(out, "\"");
	bytes_add_json_ascii(out, bytes_span(value));
	bytes_add_str(out, "\"");
}

void
stats_write_last(const struct stats *st, struct bytes *out)
{
	if (!st->last.valid) {
		bytes_add_str(out, "null");
		return;
	}
	bytes_add_str(out, "{\"path\":\"");
	bytes_add_json_ascii(out, bytes_span(&st->last.path));
	bytes_addf(out, "\",\"headers\":{\"authorization\":%zu", st->last.authorization);
	stats_write_header(out, "accept", &st->last.accept);
	stats_write_header(out, "content-type", &st->last.content_type);
	stats_write_header(out, "user-agent", &st->last.user_agent);
	bytes_add_str(out, "},\"body\":");
	if (st->last.json)
		bytes_add_span(out, bytes_span(&st->last.body));
	else
		bytes_add_str(out, "null");
	bytes_add_str(out, "}");
}
