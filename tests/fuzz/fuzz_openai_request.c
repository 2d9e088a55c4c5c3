/*
 * A request to a model: JSON in which the roles of the visitor and the assistant alternate, and each picture stands in a message
 * of the visitor, unchanged.
 */
#include <jansson.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/openai.h"

static const char *
text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

/* The number of a message's pictures. */
static size_t
check_message(const json_t *message, const struct openai_settings *s)
{
	const json_t *content = json_object_get(message, "content"), *part;
	size_t i, n = 0;

	must(json_is_string(content) ||
	    (json_array_size(content) > 0 && s->pictures != PICTURES_OFF &&
		strcmp(text_of(message, "role"), "user") == 0));
	json_array_foreach (content, i, part) {
		const char *type = text_of(part, "type");
		const bool text = strcmp(type, s->responses ? "input_text" : "text") == 0;

		must(text || strcmp(type, s->responses ? "input_image" : "image_url") == 0);
		must(i > 0 || text);
		n += !text;
	}
	return n;
}

static void
check_request(struct slice body, const struct openai_settings *s, size_t pictures)
{
	json_t *request = json_loadb((const char *)body.p, body.len, JSON_ALLOW_NUL, NULL);
	const json_t *list = json_object_get(request, s->responses ? "input" : "messages");
	const char *last = "system";
	const json_t *message;
	size_t i, n = 0;

	must(request != NULL && json_array_size(list) > 0);
	json_array_foreach (list, i, message) {
		const char *role = text_of(message, "role");

		must(i == 0 || strcmp(role, last) != 0);
		must(i != 1 || strcmp(role, "user") == 0 || strcmp(last, "user") == 0);
		n += check_message(message, s);
		last = role;
	}
	must(n == pictures);
	json_decref(request);
}

FUZZ(openai_request)
{
	const uint8_t how = fuzz_byte(&in);
	const struct openai_settings settings = {.model = slice_str("m"),
	    .responses = (how & 1) != 0,
	    .pictures = (enum picture_detail)(how >> 1 & 3),
	    .instructions = (enum openai_instructions)((how >> 3 & 3) % 3)};
	bool user = false;
	size_t pictures = 0, coded = 0;
	struct openai_request request;
	struct buf body, text;

	buf_init(&body, OPENAI_BODY_MAX);
	must(openai_begin(&request, &body, &settings) == 0);
	while (in.len > 0) {
		const uint8_t what = fuzz_byte(&in), size = fuzz_byte(&in);
		const struct slice piece = {in.p, size < in.len ? size : in.len};

		in = (struct slice){in.p + piece.len, in.len - piece.len};
		if (what % 3 == 2 && user && settings.pictures != PICTURES_OFF) {
			must(openai_add_picture(&request, "image/png", piece) == 0);
			pictures++;
			coded += 4 * ((piece.len + 2) / 3);
		} else {
			user = what % 3 != 1;
			buf_init(&text, 4096);
			fuzz_text(&text, piece);
			must(openai_add_message(&request,
				 user ? MESSAGE_USER : MESSAGE_ASSISTANT,
				 buf_slice(&text)) == 0);
			buf_clear(&text);
		}
	}
	must(openai_end(&request) == 0 && request.coded == coded);
	check_request(buf_slice(&body), &settings, pictures);
	buf_clear(&body);
}
