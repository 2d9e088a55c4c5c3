/*
 * The bytes of a response.
 *
 * The event of a token is frame[0..prefix_len) + token + frame[prefix_len..), so that a token costs
 * two copies and its own escaping, and no JSON library is called. frame[0..head_len) also starts
 * the other events.
 */
#include "tests/stub/chat.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/stub/pace.h"

#define WHOLE_MAX ((uint64_t)64 << 20) /* bytes of a reply that is not streamed */

/* How often a held reply checks whether it may continue. */
#define HOLD_LOOK_NS 10000000u

static const char fingerprint[] = "fp_banterstub";

static const char *
chat_line_end(const struct chat *c)
{
	return c->script.crlf ? "\r\n" : c->script.cr ? "\r" : "\n";
}

/* Starts a data line. */
static void
chat_add_data_name(struct bytes *out, const struct chat *c)
{
	bytes_add_str(out, c->script.no_space ? "data:" : "data: ");
}

/* Starts an event in its own chunk; returns the mark for chunk_end(). */
static size_t
chat_event_begin(const struct chat *c, struct bytes *out)
{
	size_t mark = chunk_begin(out);

	if (c->script.comments)
		bytes_addf(out, ": openai-stub%s%s", chat_line_end(c), chat_line_end(c));
	return mark;
}

/* The end of a stream event after its choices: OpenAI sends null where usage will be. */
static void
chat_add_event_end(struct bytes *out, const struct chat *c)
{
	bytes_add_str(out, c->include_usage ? "],\"usage\":null}" : "]}");
	bytes_add_str(out, chat_line_end(c));
	bytes_add_str(out, chat_line_end(c));
}

static void
chat_add_identity(
    struct bytes *out, const struct chat *c, const char *object, struct span model)
{
	bytes_addf(out,
	    "{\"id\":\"chatcmpl-stub%016" PRIx64
	    "\",\"object\":\"%s\",\"created\":%lld,\"model\":\"",
	    c->id, object, (long long)time(NULL));
	bytes_add_json(out, model);
	bytes_add_str(out, "\",");
}

static void
chat_make_frame(struct chat *c, struct span model)
{
	struct bytes *f = &c->frame;

	if (!c->stream) {
		chat_add_identity(f, c, "chat.completion", model);
		c->head_len = c->prefix_len = f->len;
		return;
	}
	chat_add_data_name(f, c);
	chat_add_identity(f, c, "chat.completion.chunk", model);
	bytes_addf(f,
	    "\"service_tier\":\"default\",\"system_fingerprint\":\"%s\",\"choices\":[",
	    fingerprint);
	if (c->script.lines) {
		bytes_add_str(f, chat_line_end(c));
		chat_add_data_name(f, c);
	}
	c->head_len = f->len;
	bytes_add_str(f, "{\"index\":0,\"delta\":{\"content\":\"");
	c->prefix_len = f->len;
	bytes_add_str(f, "\"},\"logprobs\":null,\"finish_reason\":null}");
	chat_add_event_end(f, c);
}

/* The time before a response that is not streamed: that of all its tokens. */
static uint64_t
chat_plain_time(const struct chat *c)
{
	return c->stream ? 0 : c->script.delay_ns * c->reply.total;
}

struct chat *
chat_new(struct stats *stats, const struct call *call, struct script *script, struct span bare,
    const struct answer_about *about, struct api_error *error)
{
	struct chat *c = calloc(1, sizeof(*c));

	if (c == NULL)
		err(1, "out of memory");
	reply_init(&c->reply, script, bare);
	if (!call->stream && reply_size(&c->reply) > WHOLE_MAX) {
		api_error_set(
		    error, 400, "openai-stub sends a reply of this length only as a stream.");
		error->code = "bad_directive";
		reply_clear(&c->reply);
		free(c);
		return NULL;
	}
	c->stats = stats;
	c->epoch = stats_begin(stats);
	c->script = *script;
	script->text = NULL;
	c->id = about->id;
	c->close = about->close;
	c->stream = call->stream;
	c->include_usage = call->include_usage && !c->script.no_usage;
	c->prompt_tokens = call->prompt_tokens;
	if (c->script.hold_after != SCRIPT_UNSET)
		bytes_add_span(&c->message, bytes_span(&call->message));
	if (reply_limit(&c->reply, call->max_tokens))
		c->script.finish = "length";
	chat_make_frame(c, bytes_span(&call->model));
	c->due = pace_now() + c->script.first_delay_ns;
	if (c->script.fail == 0)
		c->due += chat_plain_time(c);
	return c;
}

void
chat_free(struct chat *c, enum stats_end how)
{
	if (c == NULL)
		return;
	stats_end(c->stats, c->epoch, how);
	script_clear(&c->script);
	reply_clear(&c->reply);
	bytes_clear(&c->frame);
	bytes_clear(&c->authorization);
	bytes_clear(&c->message);
	free(c);
}

enum stats_end
chat_outcome(const struct chat *c)
{
	return c->failed ? STATS_FAILED : STATS_COMPLETED;
}

static struct answer_about
chat_head_of(const struct chat *c)
{
	return (struct answer_about){.id = c->id, .retry_after = UINT32_MAX, .close = c->close};
}

static void
chat_scripted_error(int status, struct api_error *error)
{
	static const struct {
		int status;
		const char *type, *code, *message;
	} known[] = {
	    {401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."},
	    {403, "invalid_request_error", "unsupported_country_region_territory",
		"This region is not served."},
	    {404, "invalid_request_error", "model_not_found", "The model does not exist."},
	    {429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."},
	    {503, "server_error", NULL, "The model is overloaded. Please try again later."},
	};

	api_error_set(error, status, "The server had an error while processing your request.");
	if (status >= 500)
		error->type = "server_error";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].status != status)
			continue;
		api_error_set(error, status, "%s", known[i].message);
		error->type = known[i].type;
		error->code = known[i].code;
	}
}

/* echo-key: some misbehaving servers repeat the key. */
static void
chat_repeat_key(const struct chat *c, struct api_error *error)
{
	struct api_error as_it_was = *error;

	if (!c->script.echo_key)
		return;
	api_error_set(error, as_it_was.status, "%s You sent '%.*s'.", as_it_was.message,
	    (int)c->authorization.len, c->authorization.p);
	error->type = as_it_was.type;
	error->code = as_it_was.code;
}

/* fail=...: a failure instead of a response. */
static enum chat_step
chat_step_failure(struct chat *c, struct bytes *out)
{
	struct answer_about head = chat_head_of(c);
	struct api_error error;

	if (c->script.fail == FAIL_HANG)
		return CHAT_HANG;
	c->failed = true;
	if (c->script.fail == FAIL_CLOSE)
		return CHAT_CUT;
	head.retry_after = c->script.retry_after;
	head.retry_date = c->script.retry_date;
	chat_scripted_error((int)c->script.fail, &error);
	chat_repeat_key(c, &error);
	answer_error(out, &error, &head);
	return CHAT_END;
}

static void
chat_add_usage(struct bytes *out, const struct chat *c)
{
	uint32_t completion = c->reply.next;

	bytes_addf(out,
	    "\"usage\":{\"prompt_tokens\":%" PRIu64 ",\"completion_tokens\":%" PRIu32
	    ",\"total_tokens\":%" PRIu64
	    ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}"
	    ",\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0"
	    ",\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
	    c->prompt_tokens, completion, c->prompt_tokens + completion);
}

/* An event without a token: the frame's head, a choice, the end. */
static void
chat_add_choice_event(struct chat *c, struct bytes *out, const char *delta, const char *finish)
{
	size_t mark = chat_event_begin(c, out);

	bytes_add(out, c->frame.p, c->head_len);
	bytes_addf(
	    out, "{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":", delta);
	if (finish == NULL)
		bytes_add_str(out, "null}");
	else
		bytes_addf(out, "\"%s\"}", finish);
	chat_add_event_end(out, c);
	chunk_end(out, mark);
}

/* An event with the given data. */
static void
chat_add_raw_event(const struct chat *c, struct bytes *out, struct span data)
{
	size_t mark = chat_event_begin(c, out);

	chat_add_data_name(out, c);
	bytes_add_span(out, data);
	bytes_add_str(out, chat_line_end(c));
	bytes_add_str(out, chat_line_end(c));
	chunk_end(out, mark);
}

static void
chat_add_token_event(struct chat *c, struct bytes *out)
{
	bool framed = c->script.reply != REPLY_WIRE;
	size_t mark = chat_event_begin(c, out);

	if (framed)
		bytes_add(out, c->frame.p, c->prefix_len);
	reply_token(&c->reply, out);
	if (framed)
		bytes_add(out, c->frame.p + c->prefix_len, c->frame.len - c->prefix_len);
	chunk_end(out, mark);
	stats_token(c->stats, c->epoch, 1);
}

/* Invalid UTF-8: a lead byte without continuation, a lone continuation, FF, an overlong NUL. */
static const char invalid_utf8[] = "\xe2\x82 \x80 \xff \xc0\x80 ";

static void
chat_add_invalid_event(struct chat *c, struct bytes *out)
{
	size_t mark = chat_event_begin(c, out);

	bytes_add(out, c->frame.p, c->prefix_len);
	bytes_add_str(out, invalid_utf8);
	bytes_add(out, c->frame.p + c->prefix_len, c->frame.len - c->prefix_len);
	chunk_end(out, mark);
}

static void
chat_add_error_event(struct chat *c, struct bytes *out)
{
	struct bytes body = {0};
	struct api_error error;

	chat_scripted_error(500, &error);
	chat_repeat_key(c, &error);
	answer_error_body(&body, &error);
	chat_add_raw_event(c, out, bytes_span(&body));
	bytes_clear(&body);
}

static bool
chat_strikes(struct chat *c, enum script_fault f)
{
	if (c->script.after[f] != c->reply.next)
		return false;
	/* Only once: a fault after which the stream continues must not occur again. */
	c->script.after[f] = SCRIPT_UNSET;
	return true;
}

/* Applies the faults that are due before the next token. CHAT_WAIT: the stream continues. */
static enum chat_step
chat_strike_stream(struct chat *c, struct bytes *out)
{
	if (chat_strikes(c, FAULT_GARBAGE))
		chat_add_raw_event(c, out, span_str("{\"this is\": not JSON"));
	if (chat_strikes(c, FAULT_UTF8))
		chat_add_invalid_event(c, out);
	if (chat_strikes(c, FAULT_ERROR)) {
		c->failed = true;
		chat_add_error_event(c, out);
		chunk_last(out);
		return CHAT_END;
	}
	if (chat_strikes(c, FAULT_HANG))
		return CHAT_HANG;
	if (chat_strikes(c, FAULT_CUT)) {
		c->failed = true;
		return CHAT_CUT;
	}
	return CHAT_WAIT;
}

/* hold-after: whether the reply still waits, and if so until when. */
static bool
chat_is_held(struct chat *c)
{
	if (c->script.hold_after != c->reply.next)
		return false;
	c->due = pace_now();
	if (stats_is_released(c->stats, bytes_span(&c->message))) {
		c->script.hold_after = SCRIPT_UNSET;
		return false;
	}
	c->due += HOLD_LOOK_NS;
	return true;
}

static void
chat_add_usage_event(struct chat *c, struct bytes *out)
{
	size_t mark = chat_event_begin(c, out);

	bytes_add(out, c->frame.p, c->head_len);
	bytes_add_str(out, "],");
	chat_add_usage(out, c);
	bytes_add_str(out, "}");
	bytes_add_str(out, chat_line_end(c));
	bytes_add_str(out, chat_line_end(c));
	chunk_end(out, mark);
}

static void
chat_add_bom(struct bytes *out)
{
	size_t mark = chunk_begin(out);

	bytes_add_str(out, "\xef\xbb\xbf");
	chunk_end(out, mark);
}

static enum chat_step
chat_end_stream(struct chat *c, struct bytes *out)
{
	chat_add_choice_event(c, out, "{}", c->script.finish);
	if (c->include_usage)
		chat_add_usage_event(c, out);
	chat_add_raw_event(c, out, span_str("[DONE]"));
	chunk_last(out);
	return CHAT_END;
}

/* Writes one token if there is a delay, a batch at full speed. The first token is written with the
 * head, the end with the last token, as a model server would. */
static enum chat_step
chat_step_stream(struct chat *c, struct bytes *out)
{
	struct answer_about head = chat_head_of(c);

	if (!c->started) {
		c->started = true;
		answer_stream(out, "text/event-stream; charset=utf-8", &head);
		if (c->script.bom)
			chat_add_bom(out);
		chat_add_choice_event(
		    c, out, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", NULL);
	}
	do {
		enum chat_step step;

		if (chat_is_held(c))
			return CHAT_WAIT;
		step = chat_strike_stream(c, out);
		if (step != CHAT_WAIT)
			return step;
		if (c->reply.next == c->reply.total)
			return chat_end_stream(c, out);
		chat_add_token_event(c, out);
		c->due += c->script.delay_ns;
		/* Nothing is due after the last token: its faults, or the end, follow
		 * immediately. */
	} while (c->reply.next == c->reply.total ||
	    (c->script.delay_ns == 0 && out->len < CHAT_BATCH));
	return CHAT_WAIT;
}

/* The body of a response that is not streamed. */
static void
chat_add_completion(struct chat *c, struct bytes *body)
{
	bytes_add_span(body, bytes_span(&c->frame));
	bytes_add_str(body,
	    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
	while (c->reply.next < c->reply.total) {
		if (chat_strikes(c, FAULT_UTF8))
			bytes_add_str(body, invalid_utf8);
		reply_token(&c->reply, body);
	}
	stats_token(c->stats, c->epoch, c->reply.total);
	bytes_addf(body,
	    "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"%"
	    "s\"}],",
	    c->script.finish);
	if (!c->script.no_usage) {
		chat_add_usage(body, c);
		bytes_add_str(body, ",");
	}
	bytes_addf(
	    body, "\"service_tier\":\"default\",\"system_fingerprint\":\"%s\"}", fingerprint);
}

/* A response that is not streamed is complete in one piece, so its faults ignore token counts: see
 * --help. */
static enum chat_step
chat_step_plain(struct chat *c, struct bytes *out)
{
	bool hang = c->script.after[FAULT_HANG] != SCRIPT_UNSET;
	bool cut = c->script.after[FAULT_CUT] != SCRIPT_UNSET;
	struct answer_about head = chat_head_of(c);
	struct bytes body = {0};

	if (c->script.after[FAULT_ERROR] != SCRIPT_UNSET) {
		c->script.fail = 500;
		return chat_step_failure(c, out);
	}
	chat_add_completion(c, &body);
	if (c->script.after[FAULT_GARBAGE] != SCRIPT_UNSET)
		memset(body.p, '#', 2);
	answer_json(out, 200, bytes_span(&body), &head);
	if (hang || cut)
		out->len -= body.len - body.len / 2;
	bytes_clear(&body);
	if (hang)
		return CHAT_HANG;
	c->failed = cut;
	return cut ? CHAT_CUT : CHAT_END;
}

enum chat_step
chat_step(struct chat *c, struct bytes *out)
{
	if (c->script.fail != 0)
		return chat_step_failure(c, out);
	return c->stream ? chat_step_stream(c, out) : chat_step_plain(c, out);
}
