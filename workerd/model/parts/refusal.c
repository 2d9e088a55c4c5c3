/*
 * An error is flattened to its texts, one a line, in lower case: of JSON all strings and names except what quotes the
 * request. Body that is not JSON, because it is a text or was cut, is one text.
 */
#include "workerd/model/parts/refusal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define DEPTH_MAX 12
#define TEXT_MAX  (1u << 20)
#define NAMES_MAX 4

struct error_text {
	struct buf text;  /* in lower case */
	struct buf paths; /* names on the path of a param or loc, each between two line ends */
};

static const struct {
	const char *names[NAMES_MAX], *phrases[24];
} part_words[] = {
#define NAMES(...)          \
	{                   \
		__VA_ARGS__ \
	}
#define PHRASES(...)        \
	{                   \
		__VA_ARGS__ \
	}
#define MODEL_PART(NAME, name, without, names, phrases) {names, phrases},
#include "workerd/model/parts/model_parts.def"
};

/* The texts of servers whose model's context is too short: OpenAI, vLLM, llama.cpp, Ollama, Anthropic, Gemini,
 * Mistral, Bedrock, xAI, Text Generation Inference and gateways to them. */
static const char *const context_phrases[] = {"context_length*", "context_window*",
    "context_size*", "context_limit*", "maximum_context*", "max_context*", "exceed_context*",
    "prompt_is_too_long", "prompt_too_long", "input_is_too_long", "input_too_long",
    "input_token_count", "maximum_model_length", "maximum_prompt_length", "max_model_len",
    "too_many_tokens", "reduce_the_length", "maximum_number_of_tokens", "too_many_input_tokens",
    "string_above_max_length", "longer_than_the_maximum", "tokens_+_`max_new_tokens`*",
    "maximum_input_length", "max_input_tokens", "exceeds_the_limit_of_tokens",
    "token_limit_exceeded", "model_max_prompt_tokens_exceeded", "request_too_large",
    "max_seq_len*", "maximum_sequence_length", "max_model_length", "model_max_length",
    "model_token_limit", "range_of_input_length", "tokens_too_long",
    "\xe8\xb6\x85\xe9\x95\xbf*"}; /* "too long", in Chinese */

/* Other servers say it in other words: that one of the first exceeds, with one of the second, in one line. */
static const char *const context_subjects[] = {
    "prompt*", "input*", "request*", "messages", "conversation", "sequence*"};
static const char *const excess_phrases[] = {"exceed*", "too_long", "too_many", "longer_than",
    "greater_than", "larger_than", "less_than", "fewer_than", "at_most", "only_supports",
    "over_the_limit", "does_not_fit*"};
static const char *const context_measures[] = {"token*", "length", "context*"};

/* Texts of servers for which the maximum of a reply is too large, beside its name. */
static const char *const limit_phrases[] = {"too_large", "too_high", "must_be_at_least_1",
    "at_most", "less_than_or_equal*", "must_be_less*", "must_be_<=", "maximum_allowed*",
    "maximum_value", "valid_range*", "supported_range*", "exceed*"};

/* The same where its name is missing, or the limit is that of a minute. */
static const char *const output_phrases[] = {"in_the_completion", "for_the_completion",
    "maximum_tokens_you_requested", "tokens_per_minute"};

/* Texts of servers that refuse a member and do not say which. */
static const char *const unknown_phrases[] = {"extra_inputs*", "extra_fields*",
    "extra_forbidden", "additional_propert*", "unrecognized*", "unknown_field*",
    "unknown_parameter*", "unknown_name*", "unknown_argument*", "unexpected_keyword*",
    "unsupported_parameter*", "unknown_propert*", "unsupported_field*"};

/* Texts of servers and gateways that wrap a refusal in a status that has mostly other reasons. */
static const char *const refusal_phrases[] = {"unsupported*", "not_support*", "not_allowed",
    "not_permitted", "invalid_request*", "invalid_param*", "invalid_argument*", "bad_request*",
    "badrequest*"};

/* Parts that the first servers of this kind did not know: the candidates then. */
#define PARTS_NEWER \
	(PART(USAGE) | PART(MAX_COMPLETION_TOKENS) | PART(REASONING_EFFORT) | PART(EXTRA))

static bool
refusal_is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static bool
refusal_is_separator(uint8_t c)
{
	return c == ' ' || c == '_' || c == '-';
}

/* Bytes of text that the phrase matches at its start; 0: none. A phrase is never empty. */
static size_t
refusal_match(struct slice text, const char *phrase)
{
	size_t n = 0;

	for (; *phrase != '\0' && *phrase != '*'; phrase++) {
		if (*phrase == '_') {
			n += n < text.len && refusal_is_separator(text.p[n]);
			continue;
		}
		if (n == text.len || text.p[n] != (uint8_t)*phrase)
			return 0;
		n++;
	}
	if (*phrase != '*' && n < text.len && refusal_is_word(text.p[n]) &&
	    refusal_is_word(text.p[n - 1]))
		return 0;
	return n;
}

/* Where the text has the phrase as whole words; SIZE_MAX: nowhere. */
static size_t
refusal_find(struct slice text, const char *phrase)
{
	const bool word = refusal_is_word((uint8_t)*phrase);

	for (size_t i = 0; i < text.len; i++)
		if ((!word || i == 0 || !refusal_is_word(text.p[i - 1])) &&
		    refusal_match((struct slice){text.p + i, text.len - i}, phrase) > 0)
			return i;
	return SIZE_MAX;
}

static bool
refusal_has_any(struct slice text, const char *const phrases[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (refusal_find(text, phrases[i]) != SIZE_MAX)
			return true;
	return false;
}

/* Adds text in lower case, and a line end. What does not fit is left out. */
static void
refusal_add_line(struct buf *to, struct slice text)
{
	for (size_t i = 0; i < text.len && buf_room(to) > 1; i++) {
		uint8_t c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		(void)!buf_append(to, &c, 1);
	}
	(void)!buf_append(to, "\n", 1);
}

static struct slice
refusal_string(const json_t *string)
{
	return (struct slice){
	    (const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* The names of a path such as messages[0].role. */
static void
refusal_add_path(struct error_text *e, struct slice path)
{
	struct slice name = {path.p, 0};

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && strchr(".[]/", path.p[i]) == NULL) {
			name.len++;
			continue;
		}
		if (name.len > 0)
			refusal_add_line(&e->paths, name);
		name = (struct slice){path.p + i + 1, 0};
	}
}

/* The path of a validation error: ["body", "messages", 0, "role"]. As text, messages.0.role. */
static void
refusal_add_loc(struct error_text *e, const json_t *loc)
{
	char number[24];
	struct buf path;

	buf_init(&path, TEXT_MAX);
	for (size_t i = 0; i < json_array_size(loc); i++) {
		const json_t *part = json_array_get(loc, i);
		struct slice text = refusal_string(part);

		if (json_is_integer(part)) {
			snprintf(number, sizeof(number), "%lld",
			    (long long)json_integer_value(part));
			text = slice_str(number);
		}
		if (text.p != NULL && (i == 0 || buf_append(&path, ".", 1) == 0))
			(void)!buf_append(&path, text.p, text.len);
	}
	refusal_add_path(e, buf_slice(&path));
	refusal_add_line(&e->text, buf_slice(&path));
	buf_clear(&path);
}

/* A member that repeats what was sent, or leads to a document. */
static bool
refusal_is_quote(const char *key)
{
	static const char *const keys[] = {
	    "input", "body", "request", "messages", "url", "failed_generation", "raw_request"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static void refusal_add_json(struct error_text *e, json_t *json, unsigned depth);

static void
refusal_add_member(struct error_text *e, const char *key, json_t *value, unsigned depth)
{
	if (refusal_is_quote(key) && !json_is_string(value))
		return;
	if (strcmp(key, "input") == 0 || strcmp(key, "url") == 0)
		return;
	if (strcmp(key, "loc") == 0 && json_is_array(value)) {
		refusal_add_loc(e, value);
		return;
	}
	if ((strcmp(key, "param") == 0 || strcmp(key, "loc") == 0) && json_is_string(value))
		refusal_add_path(e, refusal_string(value));
	refusal_add_line(&e->text, slice_str(key));
	refusal_add_json(e, value, depth);
}

static void
refusal_add_json(struct error_text *e, json_t *json, unsigned depth)
{
	const char *key;
	json_t *value;
	json_t *nested;
	size_t i;

	if (depth == DEPTH_MAX)
		return;
	if (json_is_object(json)) {
		json_object_foreach (json, key, value)
			refusal_add_member(e, key, value, depth + 1);
		return;
	}
	json_array_foreach (json, i, value)
		refusal_add_json(e, value, depth + 1);
	if (!json_is_string(json))
		return;
	/* Gateways put the JSON of the server behind them into a string. */
	nested =
	    json_loadb(json_string_value(json), json_string_length(json), JSON_ALLOW_NUL, NULL);
	if (nested != NULL)
		refusal_add_json(e, nested, depth + 1);
	else
		refusal_add_line(&e->text, refusal_string(json));
	json_decref(nested);
}

static void
refusal_flatten(struct error_text *e, struct slice body)
{
	json_t *json =
	    json_loadb((const char *)body.p, body.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);

	buf_init(&e->text, TEXT_MAX);
	buf_init(&e->paths, TEXT_MAX);
	if (json != NULL)
		refusal_add_json(e, json, 0);
	else
		refusal_add_line(&e->text, body);
	json_decref(json);
}

static void
refusal_clear(struct error_text *e)
{
	buf_clear(&e->text);
	buf_clear(&e->paths);
}

static bool
refusal_is_on_path(const struct error_text *e, const char *name)
{
	const struct slice paths = buf_slice(&e->paths);
	const size_t len = strlen(name);

	for (size_t i = 0; i + len < paths.len; i++)
		if ((i == 0 || paths.p[i - 1] == '\n') && memcmp(paths.p + i, name, len) == 0 &&
		    paths.p[i + len] == '\n')
			return true;
	return false;
}

/* The sent parts that params and locs name. */
static struct refused_parts
refusal_on_paths(const struct error_text *e, const struct refusal_request *request)
{
	struct refused_parts found = {0};
	const char *key;
	json_t *value;

	for (unsigned part = 0; part < MODEL_PARTS; part++)
		for (size_t i = 0; i < NAMES_MAX && part_words[part].names[i] != NULL; i++)
			if ((request->sent & 1u << part) != 0 &&
			    refusal_is_on_path(e, part_words[part].names[i]))
				found.parts |= 1u << part;
	if ((request->sent & PART(EXTRA)) != 0)
		json_object_foreach (request->extra, key, value)
			if (refusal_is_on_path(e, key))
				refused_parts_add_member(&found, slice_str(key));
	return found;
}

/* Where the text names the part first; SIZE_MAX: nowhere. */
static size_t
refusal_place(struct slice text, enum model_part part)
{
	size_t first = SIZE_MAX, at;

	for (size_t i = 0; i < NAMES_MAX && part_words[part].names[i] != NULL; i++) {
		/* Its own name is "system" or "developer": only in quotes, which are phrases. */
		if (part == MODEL_PART_SYSTEM || part == MODEL_PART_DEVELOPER)
			break;
		at = refusal_find(text, part_words[part].names[i]);
		first = at < first ? at : first;
	}
	for (size_t i = 0; part_words[part].phrases[i] != NULL; i++) {
		at = refusal_find(text, part_words[part].phrases[i]);
		first = at < first ? at : first;
	}
	return first;
}

/* A member of "extra". What "*" and "_" stand for in a phrase does no harm. */
static size_t
refusal_member_place(struct slice text, const char *name)
{
	char *lower = xstrdup(name);
	size_t place;

	for (char *c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	place = *lower == '\0' ? SIZE_MAX : refusal_find(text, lower);
	free(lower);
	return place;
}

/* The sent part that the text names first. */
static struct refused_parts
refusal_in_text(struct slice text, const struct refusal_request *request)
{
	struct refused_parts found = {0};
	size_t first = SIZE_MAX, at;
	const char *key;
	json_t *value;

	for (unsigned part = 0; part < MODEL_PARTS; part++) {
		at = (request->sent & 1u << part) == 0 ? SIZE_MAX : refusal_place(text, part);
		if (at < first) {
			first = at;
			found = (struct refused_parts){.parts = 1u << part};
		}
	}
	if ((request->sent & PART(EXTRA)) != 0)
		json_object_foreach (request->extra, key, value) {
			at = refusal_member_place(text, key);
			if (at >= first)
				continue;
			first = at;
			found = (struct refused_parts){0};
			refused_parts_add_member(&found, slice_str(key));
		}
	return found;
}

static bool
refusal_is_some(const struct refused_parts *r)
{
	return r->parts != 0 || r->members_n > 0;
}

/* The role developer helps only servers of OpenAI's own kind; others may drop a message of a role that they do not
 * know, and the instructions with it. */
static bool
refusal_wants_developer(struct slice text)
{
	static const char *const phrases[] = {
	    "messages[0].role", "messages.[0].role", "developer*", "with_this_model"};

	return refusal_has_any(text, phrases, ARRAY_LEN(phrases));
}

static struct refused_parts
refusal_find_parts(const struct error_text *e, const struct refusal_request *request)
{
	const struct slice text = buf_slice(&e->text);
	struct refused_parts found = {.parts = request->sent & PART(CHAT)};

	/* It may name the parts that it takes only there. */
	if (found.parts != 0 && refusal_place(text, MODEL_PART_CHAT) != SIZE_MAX)
		return found;
	found = refusal_on_paths(e, request);
	if (!refusal_is_some(&found))
		found = refusal_in_text(text, request);
	if (!refusal_is_some(&found) &&
	    refusal_has_any(text, unknown_phrases, ARRAY_LEN(unknown_phrases)))
		found.parts = request->sent & PARTS_NEWER;
	if ((found.parts & PART(SYSTEM)) != 0 && !refusal_wants_developer(text))
		found.parts |= PART(DEVELOPER);
	return found;
}

static bool
refusal_is_status(int status, const int statuses[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (status == statuses[i])
			return true;
	return false;
}

/* A refusal in any words. */
static bool
refusal_is_likely(int status)
{
	static const int statuses[] = {400, 404, 405, 413, 415, 422, 500, 501};

	return refusal_is_status(status, statuses, ARRAY_LEN(statuses));
}

/* A refusal if the text says that it is one: a gateway may put the status of the server behind it into the text, and a
 * stream may have an error without a status. */
static bool
refusal_is_possible(int status)
{
	static const int statuses[] = {403, 424, 502};

	return refusal_is_status(status, statuses, ARRAY_LEN(statuses));
}

static bool
refusal_is_explicit(struct slice text)
{
	return refusal_has_any(text, unknown_phrases, ARRAY_LEN(unknown_phrases)) ||
	    refusal_has_any(text, refusal_phrases, ARRAY_LEN(refusal_phrases)) ||
	    refusal_has_any(text, context_phrases, ARRAY_LEN(context_phrases));
}

/* Whether a line of the text says that the messages are too long. */
static bool
refusal_is_of_context(struct slice text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		const struct slice line = {
		    text.p, end == NULL ? text.len : (size_t)(end - text.p)};

		if (refusal_has_any(line, context_subjects, ARRAY_LEN(context_subjects)) &&
		    refusal_has_any(line, excess_phrases, ARRAY_LEN(excess_phrases)) &&
		    refusal_has_any(line, context_measures, ARRAY_LEN(context_measures)))
			return true;
		if (end == NULL)
			return false;
		text = (struct slice){end + 1, text.len - line.len - 1};
	}
	return false;
}

/* The maximum of the reply is more than the model can write, or than its context has room for behind the messages. */
static bool
refusal_is_of_output(struct slice text, uint32_t sent, const struct refused_parts *named)
{
	if ((sent & PARTS_MAXIMUM) == 0)
		return false;
	if (refusal_has_any(text, output_phrases, ARRAY_LEN(output_phrases)))
		return true;
	return (named->parts & PARTS_MAXIMUM) != 0 &&
	    refusal_has_any(text, limit_phrases, ARRAY_LEN(limit_phrases));
}

/* Whether it is the model's own maximum, and not what its context or a minute has left. */
static bool
refusal_is_of_model(struct slice text)
{
	static const char *const own[] = {"maximum_value", "valid_range*",
	    "maximum_allowed_number_of_output*", "maximum_number_of_output*"};

	if (refusal_has_any(text, own, ARRAY_LEN(own)))
		return true;
	return !refusal_has_any(text, output_phrases, ARRAY_LEN(output_phrases)) &&
	    !refusal_has_any(text, context_phrases, ARRAY_LEN(context_phrases));
}

static enum refusal
refusal_judge(int status, const struct error_text *e, const struct refusal_request *request,
    struct refused_parts *named)
{
	const struct slice text = buf_slice(&e->text);

	*named = refusal_find_parts(e, request);
	if (request->may_halve && refusal_is_of_output(text, request->sent, named))
		return refusal_is_of_model(text) ? REFUSAL_MAXIMUM : REFUSAL_OUTPUT;
	if (status == 413 || refusal_has_any(text, context_phrases, ARRAY_LEN(context_phrases)))
		return REFUSAL_CONTEXT;
	if (refusal_is_some(named))
		return REFUSAL_PARTS;
	return refusal_is_of_context(text) ? REFUSAL_CONTEXT : REFUSAL_NONE;
}

enum refusal
refusal_read(int status, struct slice body, const struct refusal_request *request,
    struct refused_parts *named)
{
	struct error_text e;
	enum refusal result = REFUSAL_NONE;

	*named = (struct refused_parts){0};
	if (!refusal_is_likely(status) && !refusal_is_possible(status))
		return REFUSAL_NONE;
	refusal_flatten(&e, body);
	if (refusal_is_likely(status) || refusal_is_explicit(buf_slice(&e.text)))
		result = refusal_judge(status, &e, request, named);
	refusal_clear(&e);
	return result;
}

uint32_t
refusal_names(struct slice body, uint32_t parts)
{
	uint32_t named = 0;
	struct error_text e;

	refusal_flatten(&e, body);
	for (unsigned part = 0; part < MODEL_PARTS; part++)
		if ((parts & 1u << part) != 0 &&
		    refusal_place(buf_slice(&e.text), part) != SIZE_MAX)
			named |= 1u << part;
	refusal_clear(&e);
	return named;
}
