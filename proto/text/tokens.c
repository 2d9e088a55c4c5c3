#include "proto/text/tokens.h"

#include <string.h>

#include "proto/base/basics.h"

/*
 * What a picture costs. OpenAI's guide "Images and vision", "Calculating costs": 256 patches with low detail, times up to
 * 2.46; and for gpt-4o-mini, whose pictures cost most, 5,667 tokens for each tile of 512 px of what fits into 2,048 px and has
 * at most 768 px on its shorter side, and 2,833 for the whole. Of other models those count most that have a token for each 28 px
 * by 28 px, up to 16,384 (Qwen2.5-VL, max_pixels), and those that scale small pictures up, to four tiles of 1,601 tokens (Llama
 * 3.2 Vision). All others stay below: 1,600 (Claude), 3,779 (OpenAI's 1,536 patches), 4,160 (Pixtral).
 */
#define PICTURE_LOW       630u
#define PICTURE_MIN       6404u
#define PICTURE_MAX       16384u
#define PICTURE_CELL      28u
#define PICTURE_MINI      2833u
#define PICTURE_MINI_TILE 5667u
#define TILE              512u
#define TILES_FIT         2048u
#define TILES_SHORT       768u

#define BYTES_OF_REQUEST 4u
#define BYTES_OF_TEXT    2u

/* The starts of the names of OpenAI's models. */
static const char *const openai_families[] = {"gpt-4", "gpt-5", "chatgpt-4", "o1", "o3", "o4"};

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

static bool
tokens_name_begins(const char *name, const char *const starts[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

bool
tokens_model_reasons(struct slice model)
{
	char name[256];

	if (model.len == 0)
		return false;
	tokens_name_of(model, name, sizeof(name));
	if (tokens_name_begins(name, reasoning_families, ARRAY_LEN(reasoning_families)))
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

static uint64_t
tokens_parts(uint64_t length, uint64_t of_part)
{
	return (length + of_part - 1) / of_part;
}

/* The tiles of a picture, which becomes smaller so that it fits. */
static uint64_t
tokens_tiles(uint64_t a, uint64_t b)
{
	const uint64_t longer = a > b ? a : b, shorter = a > b ? b : a;
	uint64_t length = longer, width = shorter;

	if (length > TILES_FIT) {
		width = tokens_parts(shorter * TILES_FIT, longer);
		length = TILES_FIT;
	}
	if (width > TILES_SHORT) {
		length = tokens_parts(longer * TILES_SHORT, shorter);
		width = TILES_SHORT;
	}
	return tokens_parts(width, TILE) * tokens_parts(length, TILE);
}

uint32_t
tokens_picture_max(struct slice model, uint32_t width, uint32_t height, bool low)
{
	const uint64_t cells =
	    tokens_parts(width, PICTURE_CELL) * tokens_parts(height, PICTURE_CELL);
	char name[256] = "";

	if (model.len > 0)
		tokens_name_of(model, name, sizeof(name));
	if (strncmp(name, "gpt-4o-mini", strlen("gpt-4o-mini")) == 0)
		return low ? PICTURE_MINI
			   : (uint32_t)(PICTURE_MINI +
				 tokens_tiles(width, height) * PICTURE_MINI_TILE);
	if (low && tokens_name_begins(name, openai_families, ARRAY_LEN(openai_families)))
		return PICTURE_LOW;
	return cells < PICTURE_MIN ? PICTURE_MIN
	    : cells < PICTURE_MAX  ? (uint32_t)cells
				   : PICTURE_MAX;
}
