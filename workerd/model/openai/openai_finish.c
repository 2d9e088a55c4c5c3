/*
 * A reason is compared by its letters alone, in any case: MAX_TOKENS and max-tokens are the same.
 */
#include "workerd/model/openai/openai_finish.h"

#include <ctype.h>
#include <string.h>

#define REASON_MAX 40 /* letters; the longest known one has 30 */

static const struct {
	const char *reason;
	enum openai_finish finish;
} openai_finish_reasons[] = {
    {"stop", OPENAI_STOPPED},
    {"length", OPENAI_LENGTH},
    {"contentfilter", OPENAI_FILTERED},
    {"toolcalls", OPENAI_STOPPED},
    {"toolcall", OPENAI_STOPPED},
    {"functioncall", OPENAI_STOPPED},
    {"eos", OPENAI_STOPPED},
    {"eostoken", OPENAI_STOPPED},
    {"complete", OPENAI_STOPPED},
    {"completed", OPENAI_STOPPED},
    {"done", OPENAI_STOPPED},
    {"end", OPENAI_STOPPED},
    {"eot", OPENAI_STOPPED},
    {"normal", OPENAI_STOPPED}, /* Baidu */
    /* Anthropic, Amazon */
    {"endturn", OPENAI_STOPPED},
    {"stopsequence", OPENAI_STOPPED},
    {"tooluse", OPENAI_STOPPED},
    {"pauseturn", OPENAI_STOPPED},
    {"maxtokens", OPENAI_LENGTH},
    {"modelcontextwindowexceeded", OPENAI_LENGTH},
    {"refusal", OPENAI_FILTERED},
    {"guardrailintervened", OPENAI_FILTERED},
    {"contentfiltered", OPENAI_FILTERED},
    /* Mistral, Hugging Face, the Responses API */
    {"modellength", OPENAI_LENGTH},
    {"maxlength", OPENAI_LENGTH},
    {"maxoutputtokens", OPENAI_LENGTH},
    {"maxcompletiontokens", OPENAI_LENGTH},
    {"contextlength", OPENAI_LENGTH},
    {"tokenlimit", OPENAI_LENGTH},
    /* Google */
    {"safety", OPENAI_FILTERED},
    {"recitation", OPENAI_FILTERED},
    {"blocklist", OPENAI_FILTERED},
    {"prohibitedcontent", OPENAI_FILTERED},
    {"spii", OPENAI_FILTERED},
    {"language", OPENAI_FILTERED},
    {"imagesafety", OPENAI_FILTERED},
    {"modelarmor", OPENAI_FILTERED},
    /* Zhipu, Cohere */
    {"sensitive", OPENAI_FILTERED},
    {"errortoxic", OPENAI_FILTERED},
    {"errorlimit", OPENAI_LENGTH},
    {"networkerror", OPENAI_FAILED},
    /* OpenRouter, vLLM, DeepSeek */
    {"error", OPENAI_FAILED},
    {"abort", OPENAI_FAILED},
    {"aborted", OPENAI_FAILED},
    {"cancelled", OPENAI_FAILED},
    {"failed", OPENAI_FAILED},
    {"malformedfunctioncall", OPENAI_FAILED},
    {"insufficientsystemresource", OPENAI_FAILED},
};

/* What other servers' reasons contain, the first of which counts: FINISH_REASON_MAX_TOKENS, content_policy_violation. */
static const struct {
	const char *part;
	enum openai_finish finish;
} openai_finish_parts[] = {
    {"notfinished", OPENAI_GOES_ON}, /* watsonx */
    {"error", OPENAI_FAILED},
    {"malformed", OPENAI_FAILED},
    {"filter", OPENAI_FILTERED},
    {"policy", OPENAI_FILTERED},
    {"safety", OPENAI_FILTERED},
    {"prohibited", OPENAI_FILTERED},
    {"moderation", OPENAI_FILTERED},
    {"guardrail", OPENAI_FILTERED},
    {"sensitive", OPENAI_FILTERED},
    {"maxtoken", OPENAI_LENGTH},
    {"maxoutput", OPENAI_LENGTH},
    {"limit", OPENAI_LENGTH},
    {"length", OPENAI_LENGTH},
    {"truncat", OPENAI_LENGTH},
    {"stoptoken", OPENAI_STOPPED},
    {"stopstring", OPENAI_STOPPED},
    {"stopword", OPENAI_STOPPED},
    {"reasonstop", OPENAI_STOPPED},
    {"endof", OPENAI_STOPPED},
    {"toolcall", OPENAI_STOPPED},
};

enum openai_finish
openai_finish_of(struct slice reason)
{
	char letters[REASON_MAX + 1];
	size_t n = 0;

	/* Nearly all events have none. */
	if (reason.len == 0)
		return OPENAI_GOES_ON;
	for (size_t i = 0; i < reason.len; i++) {
		if (!isalpha(reason.p[i]))
			continue;
		if (n == REASON_MAX)
			return OPENAI_GOES_ON;
		letters[n++] = (char)tolower(reason.p[i]);
	}
	letters[n] = '\0';
	for (size_t i = 0; i < sizeof(openai_finish_reasons) / sizeof(openai_finish_reasons[0]);
	     i++)
		if (strcmp(letters, openai_finish_reasons[i].reason) == 0)
			return openai_finish_reasons[i].finish;
	for (size_t i = 0; i < sizeof(openai_finish_parts) / sizeof(openai_finish_parts[0]);
	     i++)
		if (strstr(letters, openai_finish_parts[i].part) != NULL)
			return openai_finish_parts[i].finish;
	return OPENAI_GOES_ON;
}
