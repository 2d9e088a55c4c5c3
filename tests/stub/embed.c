#include "tests/stub/embed.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

/* FNV-1a. */
static uint32_t
embed_hash(const char *word, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint32_t)tolower((unsigned char)word[i])) * 16777619u;
	return hash;
}

static json_t *
embed_text(const char *text, uint64_t *tokens)
{
	const size_t dimensions = strstr(text, "[[short]]") != NULL ? 3 : EMBED_DIMENSIONS;
	const bool zero = strstr(text, "[[zero]]") != NULL;
	double vector[EMBED_DIMENSIONS] = {0.01};
	json_t *list = json_array();

	while (*text != '\0') {
		const size_t len = strcspn(text, " \t\r\n.,;:!?()[]\"");
		const uint32_t hash = embed_hash(text, len);

		if (len > 0)
			vector[hash % EMBED_DIMENSIONS] += (hash & 0x10000) != 0 ? 1 : -1;
		*tokens += len > 0;
		text += len > 0 ? len : 1;
	}
	for (size_t i = 0; i < dimensions; i++)
		json_array_append_new(list, json_real(zero ? 0 : vector[i]));
	return list;
}

/* The texts: a string, or a list of strings. */
static json_t *
embed_inputs(const json_t *root)
{
	json_t *input = json_object_get(root, "input");

	return json_is_string(input) ? json_pack("[O]", input) : json_incref(input);
}

static bool
embed_is_too_long(const json_t *inputs)
{
	for (size_t i = 0; i < json_array_size(inputs); i++) {
		const char *text = json_string_value(json_array_get(inputs, i));

		if (text != NULL && strstr(text, "[[too-long]]") != NULL)
			return true;
	}
	return false;
}

static bool
embed_has_too_many(const char *model, size_t texts)
{
	const char *most = strstr(model, "-most-");

	return most != NULL && texts > strtoul(most + strlen("-most-"), NULL, 10);
}

json_t *
embed_answer(struct slice body, size_t *texts, struct api_error *error)
{
	json_t *root = json_loadb((const char *)body.p, body.len, 0, NULL);
	json_t *inputs = embed_inputs(root), *data = json_array();
	const char *model = json_string_value(json_object_get(root, "model"));
	json_t *answer = NULL;
	uint64_t tokens = 0;

	*texts = json_array_size(inputs);
	for (size_t i = 0; i < *texts; i++) {
		const char *text = json_string_value(json_array_get(inputs, i));

		if (text != NULL)
			json_array_append_new(data,
			    json_pack("{s:s,s:I,s:o}", "object", "embedding", "index",
				(json_int_t)i, "embedding", embed_text(text, &tokens)));
	}
	if (model == NULL || *texts == 0 || json_array_size(data) != *texts)
		api_error(error, 400, "input", "model and input are required.");
	else if (embed_has_too_many(model, *texts))
		api_error(error, 400, "input", "batch size is invalid");
	else if (embed_is_too_long(inputs))
		api_error(error, 500, "input", "input is too large to process");
	else
		answer = json_pack("{s:s,s:O,s:s,s:{s:I,s:I}}", "object", "list", "data", data,
		    "model", model, "usage", "prompt_tokens", (json_int_t)tokens,
		    "total_tokens", (json_int_t)tokens);
	json_decref(data);
	json_decref(inputs);
	json_decref(root);
	return answer;
}
