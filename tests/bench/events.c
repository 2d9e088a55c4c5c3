/*
 * The cost of one event of a model's stream: finding it (sse.c) and parsing its JSON
 * (openai_delta.c), by the fast path and by jansson.
 *
 *	make bench-events
 *
 * Every figure is the best of several rounds, in nanoseconds of wall time for one event, with all
 * memory in the cache.
 */
#include <err.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/net/sse.h"

#define ROUNDS 15
#define EVENTS 20000 /* of one round */

#define HEAD                                                                               \
	"{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":"                   \
	"\"chat.completion.chunk\",\"created\":1741569952,\"model\":"                      \
	"\"gpt-4.1-mini-2025-04-14\",\"service_tier\":\"default\",\"system_fingerprint\":" \
	"\"fp_b8bc95a0ac\",\"choices\":["
#define TOKEN(text)                                        \
	HEAD "{\"index\":0,\"delta\":{\"content\":\"" text \
	     "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"

typedef void read_fn(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d);

static const struct {
	const char *name, *data;
} cases[] = {
    {"a token", TOKEN(" hello")},
    {"a token of the Responses API",
	"{\"type\":\"response.output_text.delta\",\"sequence_number\":12,\"item_id\":"
	"\"msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb654\",\"output_index\":1,"
	"\"content_index\":0,\"delta\":\" hello\",\"logprobs\":[],\"obfuscation\":"
	"\"zKfQ2mZw81\"}"},
    {"a token with escapes", TOKEN("\\n\\\"h\\u00e4")},
    {"a token with a lone surrogate", TOKEN("\\ud83d")},
    {"usage",
	HEAD "],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":40,"
	     "\"total_tokens\":52,\"prompt_tokens_details\":{\"cached_tokens\":0}}}"},
};

static double
time_delta(read_fn *read, struct slice data)
{
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		struct utf8_reassembly reassembly = {.len = 0};
		uint64_t start = clock_mono_ns(), spent;

		for (int i = 0; i < EVENTS; i++) {
			struct openai_delta d;

			read(&reassembly, data, &d);
			if (d.kind == OPENAI_BAD)
				errx(1, "an event was not read");
			openai_delta_clear(&d);
		}
		spent = clock_mono_ns() - start;
		best = spent < best ? spent : best;
	}
	return (double)best / EVENTS;
}

static int
count(void *arg, struct slice data)
{
	(void)data;
	++*(int *)arg;
	return 0;
}

/* A stream of events, fed one event at a time. */
static double
time_sse(const char *data)
{
	uint64_t best = UINT64_MAX;
	struct buf event;

	buf_init(&event, 4096);
	if (buf_printf(&event, "data: %s\n\n", data) == -1)
		err(1, "an event");
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_mono_ns(), spent;
		struct sse_reader r;
		int events = 0;

		sse_init(&r);
		for (int i = 0; i < EVENTS; i++)
			if (sse_feed(&r, buf_slice(&event), count, &events) == -1)
				err(1, "a stream");
		sse_clear(&r);
		if (events != EVENTS)
			errx(1, "%d events of %d", events, EVENTS);
		spent = clock_mono_ns() - start;
		best = spent < best ? spent : best;
	}
	buf_clear(&event);
	return (double)best / EVENTS;
}

int
main(void)
{
	printf("%-32s %6s %8s %8s %8s\n", "ns an event", "bytes", "found", "read", "by tree");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice data = slice_str(cases[i].data);

		printf("%-32s %6zu %8.0f %8.0f %8.0f\n", cases[i].name, data.len,
		    time_sse(cases[i].data), time_delta(openai_delta_read, data),
		    time_delta(openai_delta_read_tree, data));
	}
	return 0;
}
