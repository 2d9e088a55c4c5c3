#include "proto/text/tokens.h"

#include <string.h>

#include "proto/base/basics.h"

#define BYTES_OF_REQUEST 4u
#define BYTES_OF_TEXT    2u

/* Parts of the names of models that think; those in the first list only at the start of a name. */
static const char *const reasoning_families[] = {"o1", "o3", "o4", "gpt-5"};
static const char *const reasoning_words[] = {"reason", "think", "deepseek-r", "-r1", "qwq",
    "qwen3", "magistral", "gpt-oss", "gemini-2.5", "gemini-3", "grok-3-mini", "grok-4",
    "minimax-m", "glm-4.5", "glm-4.6"};

/* The name without the vendor before it ("openai/o3"), in lower case. */
static void
tokens_name_of(struct slice model, char *name, size_t size)
{
	const uint8_t *slash = memrchr(model.p, '/', model.len);
	size_t from = slash == NULL ? 0 : (size_t)(slash - model.p) + 1, n = 0;

	for (; from < model.len && n + 1 < size; from++) {
		const uint8_t c = model.p[from];

		name[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	name[n] = '\0';
}

bool
tokens_model_reasons(struct slice model)
{
	char name[256];

	if (model.len == 0)
		return false;
	tokens_name_of(model, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_LEN(reasoning_families); i++)
		if (strncmp(name, reasoning_families[i], strlen(reasoning_families[i])) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(reasoning_words); i++)
		if (strstr(name, reasoning_words[i]) != NULL)
			return true;
	return false;
}

uint32_t
tokens_output_max(struct slice model, struct slice effort, uint32_t limit, bool budget)
{
	if (limit == 0)
		limit = budget ? TOKENS_OUTPUT_BUDGET : TOKENS_OUTPUT;
	return effort.len > 0 || tokens_model_reasons(model) ? limit + TOKENS_REASONING : limit;
}

static uint32_t
tokens_of(size_t bytes, size_t of_token)
{
	const size_t tokens = bytes == 0 ? 0 : bytes / of_token + 1;

	return tokens < UINT32_MAX / 2 ? (uint32_t)tokens : UINT32_MAX / 2;
}

/* Quarters of a token that a character adds, by its first byte. */
static size_t
tokens_quarters(uint8_t c)
{
	if (c < 0x80)
		return c == ' ' || c == '\'' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		    ? 1
		    : 2;
	if (c < 0xc0)
		return 0; /* inside a character */
	return c < 0xe0 ? 2 : c < 0xf0 ? 4 : 8;
}

size_t
tokens_estimate_text(struct slice text)
{
	size_t quarters = 0;

	for (size_t i = 0; i < text.len; i++)
		quarters += tokens_quarters(text.p[i]);
	return (quarters + 3) / 4;
}

uint32_t
tokens_estimate_call(size_t request, size_t text, uint32_t most_output)
{
	const uint32_t output = tokens_of(text, BYTES_OF_TEXT);

	return tokens_of(request, BYTES_OF_REQUEST) +
	    (output < most_output ? output : most_output);
}
