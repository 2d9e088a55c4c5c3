#include "workerd/model/openai/openai_json.h"

#include <string.h>

#include "workerd/model/openai/json_repair.h"

/* jansson limits the depth (2048); the readers limit the size. */
#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_ANY)

static json_t *
openai_json_load_with(struct slice data, size_t flags)
{
	return json_loadb((const char *)data.p, data.len, LOAD_FLAGS | flags, NULL);
}

/* The second attempt also accepts integers beyond 64 bits. */
struct openai_json
openai_json_load(struct slice data)
{
	struct openai_json l;
	struct buf repaired;

	if (data.len >= 3 && memcmp(data.p, "\xef\xbb\xbf", 3) == 0)
		data = (struct slice){data.p + 3, data.len - 3};
	l = (struct openai_json){.root = openai_json_load_with(data, 0)};
	if (l.root != NULL)
		return l;
	l.repaired = true;
	buf_init(&repaired, 3 * data.len);
	if (json_repair(&repaired, data) == 0)
		l.root = openai_json_load_with(buf_slice(&repaired), JSON_DECODE_INT_AS_REAL);
	buf_clear(&repaired);
	return l;
}

struct slice
openai_json_string(const json_t *value)
{
	if (!json_is_string(value))
		return slice_str("");
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

/* The digits of a text, in the words of json_number_value(). */
static double
openai_json_text_number(struct slice text)
{
	double n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		n = n * 10 + (text.p[i] - '0');
	}
	return n;
}

uint32_t
openai_json_number(const json_t *value)
{
	double n = json_is_string(value) ? openai_json_text_number(openai_json_string(value))
					 : json_number_value(value);

	return !(n > 0) ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

int
openai_json_decode(
    struct utf8_reassembly *reassembly, struct buf *out, struct slice string, bool repaired)
{
	struct buf bytes;
	int result;

	if (!repaired)
		return utf8_reassembly_add(reassembly, out, string);
	buf_init(&bytes, string.len);
	result = json_repair_undo(&bytes, string);
	if (result == 0)
		result = utf8_reassembly_add(reassembly, out, buf_slice(&bytes));
	buf_clear(&bytes);
	return result;
}
