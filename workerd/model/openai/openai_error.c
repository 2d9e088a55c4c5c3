/*
 * A word of an error is compared by its letters alone, in any case: rate_limit_exceeded, "Rate limit
 * exceeded" and RateLimitExceeded are the same.
 */
#include "workerd/model/openai/openai_error.h"

#include <ctype.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/http/message/retry_after.h"

#define WORD_MAX 256 /* letters of a word or message that are compared */

/*
 * What a word of a code, type or status contains, and the status that it stands for. The first one counts.
 * in_message: it counts in a message, too, which may quote the visitor.
 */
static const struct {
	const char *part;
	int status;
	enum openai_error_kind kind;
	bool in_message;
} openai_error_words[] = {
    {"insufficientquota", 402, OPENAI_ERROR_BILLING, true},
    {"insufficientbalance", 402, OPENAI_ERROR_BILLING, true},
    {"insufficientcredit", 402, OPENAI_ERROR_BILLING, true},
    {"insufficientfund", 402, OPENAI_ERROR_BILLING, true},
    {"creditbalanceistoolow", 402, OPENAI_ERROR_BILLING, true},
    {"outofcredit", 402, OPENAI_ERROR_BILLING, true},
    {"notenoughcredit", 402, OPENAI_ERROR_BILLING, true},
    {"paymentrequired", 402, OPENAI_ERROR_BILLING, false},
    {"billing", 402, OPENAI_ERROR_BILLING, false},
    {"arrearage", 402, OPENAI_ERROR_BILLING, false},            /* Alibaba */
    {"exceededcurrentquota", 402, OPENAI_ERROR_BILLING, false}, /* Moonshot */
    {"balanceisinsufficient", 402, OPENAI_ERROR_BILLING, true},
    {"allavailablecredits", 402, OPENAI_ERROR_BILLING, true}, /* xAI */
    {"spendinglimit", 402, OPENAI_ERROR_BILLING, true},
    {"\xe4\xbd\x99\xe9\xa2\x9d\xe4\xb8\x8d\xe8\xb6\xb3", 402, OPENAI_ERROR_BILLING,
	true}, /* Zhipu */
    {"contentfilter", 400, OPENAI_ERROR_FILTERED, false},
    {"contentpolicy", 400, OPENAI_ERROR_FILTERED, false},
    {"responsibleaipolicy", 400, OPENAI_ERROR_FILTERED, true}, /* Azure */
    {"datainspection", 400, OPENAI_ERROR_FILTERED, false},     /* Alibaba */
    {"contentexistsrisk", 400, OPENAI_ERROR_FILTERED, true},   /* DeepSeek */
    {"contentmanagementpolicy", 400, OPENAI_ERROR_FILTERED, true},
    {"moderationblocked", 400, OPENAI_ERROR_FILTERED, false},
    {"guardrail", 400, OPENAI_ERROR_FILTERED, false},
    {"prohibitedcontent", 400, OPENAI_ERROR_FILTERED, true},       /* Google */
    {"invalidprompt", 400, OPENAI_ERROR_FILTERED, false},          /* OpenAI */
    {"wasflagged", 400, OPENAI_ERROR_FILTERED, true},              /* OpenAI, OpenRouter */
    {"violatesusageguidelines", 400, OPENAI_ERROR_FILTERED, true}, /* xAI */
    {"newsensitive", 400, OPENAI_ERROR_FILTERED, true},            /* MiniMax */
    {"\xe6\x95\x8f\xe6\x84\x9f\xe5\x86\x85\xe5\xae\xb9", 400, OPENAI_ERROR_FILTERED,
	true}, /* Zhipu */
    {"ratelimit", 429, OPENAI_ERROR_OTHER, true},
    {"toomanyrequests", 429, OPENAI_ERROR_OTHER, true},
    {"throttl", 429, OPENAI_ERROR_OTHER, false},
    {"resourceexhausted", 429, OPENAI_ERROR_OTHER, false},
    {"overload", 503, OPENAI_ERROR_OTHER, true},
    {"unavailable", 503, OPENAI_ERROR_OTHER, true},
    {"capacityexceeded", 503, OPENAI_ERROR_OTHER, false},
    {"capacitytemporarilyexceeded", 503, OPENAI_ERROR_OTHER, true}, /* Cloudflare */
    {"serverbusy", 503, OPENAI_ERROR_OTHER, false},
    {"insufficientsystemresource", 503, OPENAI_ERROR_OTHER, false}, /* DeepSeek */
    {"timeout", 504, OPENAI_ERROR_OTHER, true},
    {"timedout", 504, OPENAI_ERROR_OTHER, true},
    {"deadlineexceeded", 504, OPENAI_ERROR_OTHER, false},
    {"badgateway", 502, OPENAI_ERROR_OTHER, true},
    {"servererror", 500, OPENAI_ERROR_OTHER, true},
    {"internalerror", 500, OPENAI_ERROR_OTHER, true},
    {"internal", 500, OPENAI_ERROR_OTHER, false},
    {"apierror", 500, OPENAI_ERROR_OTHER, false},
    {"authentication", 401, OPENAI_ERROR_OTHER, false},
    {"apikey", 401, OPENAI_ERROR_OTHER, false},
    {"unauthorized", 401, OPENAI_ERROR_OTHER, false},
    {"permission", 403, OPENAI_ERROR_OTHER, false},
    {"forbidden", 403, OPENAI_ERROR_OTHER, false},
    {"notfound", 404, OPENAI_ERROR_OTHER, false},
    {"invalidrequest", 400, OPENAI_ERROR_OTHER, false},
    {"badrequest", 400, OPENAI_ERROR_OTHER, false},
    {"invalidargument", 400, OPENAI_ERROR_OTHER, false},
    {"contextlength", 400, OPENAI_ERROR_OTHER, false},
    {"contextsize", 400, OPENAI_ERROR_OTHER, false},
};

static bool
openai_error_is_empty(const json_t *error)
{
	return error == NULL || json_is_null(error) || json_is_false(error) ||
	    (json_is_number(error) && json_number_value(error) == 0) ||
	    (json_is_string(error) && json_string_length(error) == 0);
}

/* Whether JSON without choices is an error as a whole: its detail or message is a text. */
static bool
openai_error_is_bare(const json_t *root)
{
	const json_t *detail = json_object_get(root, "detail");

	if (slice_eq_str(openai_json_string(json_object_get(root, "object")), "error") ||
	    slice_eq_str(openai_json_string(json_object_get(root, "type")), "error"))
		return true;
	if (json_object_get(root, "choices") != NULL)
		return false;
	return openai_json_string(json_object_get(root, "error_msg")).len > 0 ||
	    json_array_size(detail) > 0 || openai_json_string(detail).len > 0 ||
	    openai_json_string(json_object_get(root, "message")).len > 0;
}

/* MiniMax says in each response how it went. */
static const json_t *
openai_error_of_base(const json_t *root)
{
	const json_t *base = json_object_get(root, "base_resp");

	return openai_json_number(json_object_get(base, "status_code")) == 0 ? NULL : base;
}

const json_t *
openai_error_find(const json_t *root)
{
	const json_t *error;

	if (json_is_array(root))
		root = json_array_get(root, 0);
	if (json_string_length(root) > 0)
		return root;
	error = json_object_get(root, "error");
	/* A gateway's error around the server's own. */
	if (json_is_object(json_object_get(error, "error")))
		error = json_object_get(error, "error");
	if (!openai_error_is_empty(error))
		return error;
	error = openai_error_of_base(root);
	if (error != NULL)
		return error;
	error = json_object_get(root, "fault"); /* Apigee */
	if (!openai_error_is_empty(error))
		return error;
	error = json_object_get(json_array_get(json_object_get(root, "choices"), 0), "error");
	if (!openai_error_is_empty(error))
		return error;
	error = json_object_get(json_object_get(root, "response"), "error");
	if (!openai_error_is_empty(error))
		return error;
	error = json_array_get(json_object_get(root, "errors"), 0);
	if (!openai_error_is_empty(error))
		return error;
	return openai_error_is_bare(root) ? root : NULL;
}

/* An error's message in any of its known forms; empty if there is none. */
static struct slice
openai_error_string(const json_t *error)
{
	static const char *const members[] = {"message", "detail", "msg", "error",
	    "faultstring", "error_msg", "status_msg", "title", "code", "type", "status"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json_t *member = json_object_get(error, members[i]);
		struct slice text = openai_json_string(member);

		/* A list of what is invalid (FastAPI): its first entry. */
		if (text.len == 0)
			text = openai_json_string(
			    json_object_get(json_array_get(member, 0), "msg"));
		if (text.len > 0)
			return text;
	}
	return openai_json_string(error);
}

int
openai_error_text(struct buf *out, const json_t *error, bool repaired)
{
	struct slice text = openai_error_string(error), rest;
	struct utf8_reassembly own = {.len = 0};

	buf_init(out, UTF8_REASSEMBLY_ROOM(text.len) + UTF8_REASSEMBLY_PENDING_MAX);
	if (openai_json_decode(&own, out, text, repaired) == -1)
		return -1;
	rest = utf8_reassembly_end(&own);
	return buf_append(out, rest.p, rest.len);
}

/* A body that is a text, and no page. */
static bool
openai_error_is_text(struct slice body)
{
	return body.len > 0 && *body.p != '<' && *body.p != '{' && *body.p != '[';
}

static int
openai_error_read_text(struct buf *out, struct slice body)
{
	struct utf8_reassembly own = {.len = 0};

	buf_init(out, UTF8_REASSEMBLY_ROOM(body.len));
	return utf8_reassembly_add(&own, out, body);
}

/* The longest prefix that fits size bytes and ends between characters. */
static struct slice
openai_error_cut(struct slice text, size_t size)
{
	if (text.len <= size)
		return text;
	text.len = size;
	text.len -= utf8_incomplete_tail(text);
	return text;
}

void
openai_error_message(struct slice body, char *out, size_t size)
{
	struct openai_json l = openai_json_load(body);
	const json_t *error = openai_error_find(l.root);
	struct slice text = slice_str("");
	struct buf message;

	/* A text alone, or a form that says no more than its code. */
	if (error == NULL)
		error = l.root;
	if ((l.root == NULL && openai_error_is_text(body)
		    ? openai_error_read_text(&message, utf8_trim(body))
		    : openai_error_text(&message, error, l.repaired)) == 0)
		text = openai_error_cut(buf_slice(&message), size - 1);
	must(slice_copy(text, out, size - 1));
	out[text.len] = '\0';
	buf_clear(&message);
	json_decref(l.root);
}

/* Reads a word of an error, or its message: what it contains of the table. false: nothing. */
static bool
openai_error_read_word(struct slice word, bool is_message, struct openai_error *e)
{
	char letters[WORD_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < word.len && n < WORD_MAX; i++)
		if (isalpha(word.p[i]) || word.p[i] >= 0x80)
			letters[n++] = (char)tolower(word.p[i]);
	letters[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(openai_error_words); i++) {
		if ((is_message && !openai_error_words[i].in_message) ||
		    strstr(letters, openai_error_words[i].part) == NULL)
			continue;
		e->kind = openai_error_words[i].kind;
		e->status = e->status == 0 ? openai_error_words[i].status : e->status;
		return true;
	}
	return false;
}

static int
openai_error_number(const json_t *value)
{
	uint32_t n = openai_json_number(value);

	return n >= 400 && n <= 599 ? (int)n : 0;
}

/* Members in which servers say what an error is, the most exact ones first. */
static void
openai_error_read_members(const json_t *error, struct openai_error *e)
{
	static const char *const members[] = {"code", "type", "status", "error_type", "reason",
	    "status_code", "statusCode", "http_code", "http_status", "error_code"};
	struct openai_error one;

	for (size_t i = 0; i < ARRAY_LEN(members) && e->status == 0; i++)
		e->status = openai_error_number(json_object_get(error, members[i]));
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		one = *e;
		if (!openai_error_read_word(
			openai_json_string(json_object_get(error, members[i])), false, &one))
			continue;
		if (e->status == 0)
			e->status = one.status;
		if (e->kind == OPENAI_ERROR_OTHER)
			e->kind = one.kind;
	}
}

/* A message may quote the visitor, so it counts only if nothing else says what the error is; except for the filter and
 * the account, for which many servers have no code. */
static void
openai_error_read_message(struct slice message, int status, struct openai_error *e)
{
	struct openai_error said = *e;

	if (e->kind != OPENAI_ERROR_OTHER || !openai_error_read_word(message, true, &said))
		return;
	if (said.kind == OPENAI_ERROR_OTHER && (status != 200 || e->status != 0))
		return;
	*e = said;
}

/* Gateways write the type of an error where the reply's end would have its reason. */
static void
openai_error_read_reason(const json_t *root, struct openai_error *e)
{
	const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);

	(void)openai_error_read_word(
	    openai_json_string(json_object_get(choice, "finish_reason")), false, e);
}

struct openai_error
openai_error_read(struct slice body, int status)
{
	struct openai_json l = openai_json_load(body);
	const json_t *error = openai_error_find(l.root);
	struct openai_error e = {.status = status == 200 ? 0 : status};

	if (error == NULL)
		openai_error_read_reason(l.root, &e);
	if (error == NULL)
		error = l.root;
	openai_error_read_members(error, &e);
	openai_error_read_members(json_object_get(error, "innererror"), &e);
	openai_error_read_members(json_object_get(error, "metadata"), &e);
	if (error != l.root && json_object_get(l.root, "choices") == NULL)
		openai_error_read_members(l.root, &e);
	openai_error_read_message(
	    l.root == NULL ? body : openai_error_string(error), status, &e);
	if (e.status == 402)
		e.kind = OPENAI_ERROR_BILLING;
	json_decref(l.root);
	return e;
}

/* Fields of a response's head that a gateway repeats (OpenRouter). */
static uint64_t
openai_error_fields_ms(json_t *fields)
{
	struct retry_after r = {0};
	const char *name;
	json_t *value;

	json_object_foreach (fields, name, value)
		retry_after_read_field(&r, slice_str(name), openai_json_string(value));
	return retry_after_result(&r, true);
}

/* Google's details: {"@type": "…RetryInfo", "retryDelay": "2s"}. */
static uint64_t
openai_error_details_ms(const json_t *details)
{
	uint64_t ms = 0;

	for (size_t i = 0; i < json_array_size(details) && ms == 0; i++)
		ms = retry_after_ms(openai_json_string(
		    json_object_get(json_array_get(details, i), "retryDelay")));
	return ms;
}

uint64_t
openai_error_retry_ms(struct slice body)
{
	struct openai_json l = openai_json_load(body);
	const json_t *error = openai_error_find(l.root);
	const json_t *seconds = json_object_get(error, "retry_after");
	uint64_t ms;

	if (seconds == NULL)
		seconds = json_object_get(l.root, "retry_after");
	ms = json_is_number(seconds) ? (uint64_t)openai_json_number(seconds) * 1000
				     : retry_after_ms(openai_json_string(seconds));
	if (ms == 0)
		ms = openai_error_details_ms(json_object_get(error, "details"));
	if (ms == 0)
		ms = openai_error_fields_ms(
		    json_object_get(json_object_get(error, "metadata"), "headers"));
	if (ms == 0)
		ms = retry_after_text_ms(l.root == NULL ? body : openai_error_string(error));
	json_decref(l.root);
	return ms;
}
