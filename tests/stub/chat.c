/*
 * The bytes of a response.
 *
 * The event of a token is frame[0..prefix_len) + token + frame[prefix_len..), so that a token costs
 * a few copies and its own escaping, and no JSON library is called. frame[0..head_len) also starts
 * the other events.
 */
#include "tests/stub/chat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/stub/responses.h"

/* How often a held reply checks whether it may continue. */
#define HOLD_LOOK_NS 10000000u

static const char fingerprint[] = "fp_banterstub";

/* The current event. One buffer for all chats, as each event is complete before the next one. */
static struct buf event;

/* Starts an event with the first n bytes of the frame. */
static void
chat_event_begin(const struct chat *c, size_t n)
{
	put(&event, buf_data(&c->frame), n);
}

/* Writes the event as a chunk. */
static void
chat_event_end(struct buf *out)
{
	answer_chunk(out, buf_slice(&event));
	buf_reset(&event);
}

/* The end of a stream event after its choices: OpenAI sends null where usage will be. */
static void
chat_add_event_end(struct buf *out, const struct chat *c)
{
	put_str(out, c->call.include_usage ? "],\"usage\":null}\n\n" : "]}\n\n");
}

static void
chat_make_frame(struct chat *c)
{
	struct buf *f = &c->frame;

	putf(f,
	    "data: {\"id\":\"chatcmpl-stub%016" PRIx64
	    "\",\"object\":\"chat.completion.chunk\",\"created\":%lld,\"model\":\"",
	    c->id, (long long)time(NULL));
	put_json(f, slice_str(c->call.model), false);
	putf(f, "\",\"service_tier\":\"default\",\"system_fingerprint\":\"%s\",\"choices\":[",
	    fingerprint);
	c->head_len = buf_len(f);
	put_str(f, "{\"index\":0,\"delta\":{\"content\":\"");
	c->prefix_len = buf_len(f);
	put_str(f, "\"},\"logprobs\":null,\"finish_reason\":null}");
	chat_add_event_end(f, c);
}

static struct dialect_values
chat_values(const struct chat *c)
{
	return (struct dialect_values){
	    .model = c->call.model,
	    .finish = dialect_finish(c->dialect, c->script.finish),
	    .id = c->id,
	    .prompt_tokens = c->call.prompt_tokens,
	    .completion_tokens = c->reply.next,
	};
}

struct chat *
chat_new(struct stats *stats, const json_t *dialect, struct call *call, struct script *script,
    struct slice bare, struct slice authorization, const struct answer_about *about)
{
	struct chat *c = xcalloc(1, sizeof(*c));

	if (event.max == 0)
		event = put_start();
	*c = (struct chat){
	    .stats = stats,
	    .dialect = call->responses ? NULL : dialect,
	    .token = put_start(),
	    .script = *script,
	    .call = *call,
	    .due = clock_mono_ns() + script->first_delay_ns,
	    .id = about->id,
	    .close = about->close,
	    .authorization = put_start(),
	    .frame = put_start(),
	    .text = put_start(),
	};
	stats->calls++;
	stats->active++;
	script->text = NULL;
	call->body = NULL;
	if (c->script.no_usage)
		c->call.include_usage = false;
	if (c->script.echo_key)
		put_slice(&c->authorization, authorization);
	reply_init(&c->reply, &c->script, bare);
	if (reply_limit(&c->reply, c->call.max_tokens))
		c->script.finish = "length";
	chat_make_frame(c);
	c->text_at = dialect_token(c->dialect, &c->token,
	    &(struct dialect_values){.model = c->call.model, .id = c->id});
	return c;
}

void
chat_free(struct chat *c)
{
	if (c == NULL)
		return;
	c->stats->active--;
	script_clear(&c->script);
	call_clear(&c->call);
	reply_clear(&c->reply);
	buf_clear(&c->frame);
	buf_clear(&c->token);
	buf_clear(&c->text);
	buf_clear(&c->authorization);
	free(c);
}

static struct answer_about
chat_head_of(const struct chat *c)
{
	return (struct answer_about){.id = c->id, .retry_after = UINT32_MAX, .close = c->close};
}

/* echo-key: some misbehaving servers repeat the key. */
static void
chat_scripted_error(const struct chat *c, int status, struct api_error *error)
{
	const char *message = "The server had an error while processing your request.";

	if (c->script.echo_key)
		api_error(error, status, NULL, "%s You sent '%.*s'.", message,
		    (int)buf_len(&c->authorization), (const char *)buf_data(&c->authorization));
	else
		api_error(error, status, NULL, "%s", message);
	error->type = "server_error";
}

/* fail=...: a failure instead of a response. */
static enum chat_step
chat_step_failure(struct chat *c, struct buf *out)
{
	const struct dialect_values values = chat_values(c);
	struct answer_about head = chat_head_of(c);
	struct api_error error;

	if (c->script.fail == FAIL_HANG)
		return CHAT_HANG;
	if (c->script.fail == FAIL_CLOSE)
		return CHAT_CUT;
	head.retry_after = c->script.retry_after;
	if (dialect_fails(c->dialect, c->script.fail, out, &values, &head))
		return CHAT_END;
	chat_scripted_error(c, (int)c->script.fail, &error);
	answer_error(out, &error, &head);
	return CHAT_END;
}

/* An event without a token: the frame's head, a choice, the end. */
static void
chat_add_choice_event(struct chat *c, struct buf *out, const char *delta, const char *finish)
{
	const char *quote = finish == NULL ? "" : "\"";

	chat_event_begin(c, c->head_len);
	putf(&event, "{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s%s%s}",
	    delta, quote, finish == NULL ? "null" : finish, quote);
	chat_add_event_end(&event, c);
	chat_event_end(out);
}

/* An event with the given data. */
static void
chat_add_raw_event(struct buf *out, const char *data)
{
	putf(&event, "data: %s\n\n", data);
	chat_event_end(out);
}

/* The dialect's events of this name, as one chunk. false: it has none. */
static bool
chat_add_dialect_events(struct chat *c, struct buf *out, const char *name)
{
	const struct dialect_values values = chat_values(c);

	if (!dialect_events(c->dialect, name, &event, &values))
		return false;
	if (buf_len(&event) > 0)
		chat_event_end(out);
	return true;
}

/* The dialect's event around a token has the token where $TEXT stands. */
static void
chat_add_dialect_token(struct chat *c, struct buf *out)
{
	const size_t rest = c->text_at + strlen("$TEXT");

	put(&event, buf_data(&c->token), c->text_at);
	reply_token(&c->reply, &event);
	put(&event, buf_data(&c->token) + rest, buf_len(&c->token) - rest);
	chat_event_end(out);
	c->stats->tokens++;
}

static void
chat_add_token_event(struct chat *c, struct buf *out)
{
	bool framed = c->script.reply != REPLY_WIRE;

	if (framed && buf_len(&c->token) > 0) {
		chat_add_dialect_token(c, out);
		return;
	}
	if (framed && c->call.responses)
		responses_before_token(c, &event);
	else
		chat_event_begin(c, framed ? c->prefix_len : 0);
	reply_token(&c->reply, &event);
	if (framed && c->call.responses)
		responses_after_token(c, &event);
	else if (framed)
		put(&event, buf_data(&c->frame) + c->prefix_len,
		    buf_len(&c->frame) - c->prefix_len);
	chat_event_end(out);
	c->stats->tokens++;
}

static void
chat_add_error_event(struct chat *c, struct buf *out)
{
	struct api_error error;
	json_t *body;
	char *text;

	chat_scripted_error(c, 500, &error);
	if (c->call.responses) {
		responses_error(c, &error, &event);
		chat_event_end(out);
		return;
	}
	body = answer_error_body(&error);
	text = json_dumps(body, JSON_COMPACT);
	must(text != NULL);
	chat_add_raw_event(out, text);
	free(text);
	json_decref(body);
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
chat_strike_stream(struct chat *c, struct buf *out)
{
	if (chat_strikes(c, FAULT_GARBAGE))
		chat_add_raw_event(out, "{\"this is\": not JSON");
	if (chat_strikes(c, FAULT_ERROR)) {
		chat_add_error_event(c, out);
		answer_chunk(out, slice_str(""));
		return CHAT_END;
	}
	if (chat_strikes(c, FAULT_HANG))
		return CHAT_HANG;
	return chat_strikes(c, FAULT_CUT) ? CHAT_CUT : CHAT_WAIT;
}

/* hold-after: whether the reply still waits, and if so until when. */
static bool
chat_is_held(struct chat *c)
{
	if (c->script.hold_after != c->reply.next)
		return false;
	c->due = clock_mono_ns();
	if (stats_is_released(c->stats, c->call.newest)) {
		c->script.hold_after = SCRIPT_UNSET;
		return false;
	}
	c->due += HOLD_LOOK_NS;
	return true;
}

static void
chat_add_usage_event(struct chat *c, struct buf *out)
{
	uint32_t completion = c->reply.next;

	chat_event_begin(c, c->head_len);
	putf(&event,
	    "],\"usage\":{\"prompt_tokens\":%" PRIu64 ",\"completion_tokens\":%" PRIu32
	    ",\"total_tokens\":%" PRIu64
	    ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}"
	    ",\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0"
	    ",\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}\n\n",
	    c->call.prompt_tokens, completion, c->call.prompt_tokens + completion);
	chat_event_end(out);
}

static void
chat_start_stream(struct chat *c, struct buf *out)
{
	struct answer_about head = chat_head_of(c);

	answer_stream(out, &head);
	c->started = true;
	if (c->call.responses) {
		responses_begin(c, &event);
		chat_event_end(out);
		return;
	}
	if (chat_add_dialect_events(c, out, "begin"))
		return;
	chat_add_choice_event(
	    c, out, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", NULL);
}

/* hand-over: in two events, as models send it. */
static void
chat_add_hand_over(struct chat *c, struct buf *out)
{
	static const char *const call[] = {
	    "{\"tool_calls\":[{\"index\":0,\"id\":\"call_stub\",\"type\":\"function\","
	    "\"function\":{\"name\":\"hand_over\",\"arguments\":\"\"}}]}",
	    "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}",
	};
	static const char *const marker[] = {
	    "{\"content\":\"[hand\"}", "{\"content\":\"_over]\"}"};

	if (c->call.has_tools && chat_add_dialect_events(c, out, "call")) {
		c->script.finish = "tool_calls";
		return;
	}
	for (size_t i = 0; i < 2; i++)
		chat_add_choice_event(c, out, c->call.has_tools ? call[i] : marker[i], NULL);
	if (c->call.has_tools)
		c->script.finish = "tool_calls";
}

static enum chat_step
chat_end_stream(struct chat *c, struct buf *out)
{
	if (c->call.responses) {
		responses_end(c, &event);
		chat_event_end(out);
		answer_chunk(out, slice_str(""));
		return CHAT_END;
	}
	if (c->script.hand_over)
		chat_add_hand_over(c, out);
	if (chat_add_dialect_events(c, out, "end")) {
		answer_chunk(out, slice_str(""));
		return CHAT_END;
	}
	chat_add_choice_event(c, out, "{}", dialect_finish(c->dialect, c->script.finish));
	if (c->call.include_usage)
		chat_add_usage_event(c, out);
	chat_add_raw_event(out, "[DONE]");
	answer_chunk(out, slice_str(""));
	return CHAT_END;
}

/* Writes one token if there is a delay, a batch at full speed. The first token is written with the
 * head, the end with the last token, as a model server would. */
enum chat_step
chat_step(struct chat *c, struct buf *out)
{
	if (c->script.fail != 0)
		return chat_step_failure(c, out);
	if (!c->started)
		chat_start_stream(c, out);
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
	    (c->script.delay_ns == 0 && buf_len(out) < CHAT_BATCH));
	return CHAT_WAIT;
}
