/*
 * A structure as JSON, and an answer behind a NUL: a structure that is accepted is valid, its words are valid text, and written as
 * JSON it is read as the same; an answer that is accepted is valid, too, and any other one has a reason.
 */
#include <jansson.h>

#include "proto/structure/answer_parts.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/structure/structure_read.h"

#define JSON_MAX (8u * STRUCTURE_PARTS_MAX)

static const struct origin_list any = {.any = true};

static void
check_again(struct slice parts)
{
	struct structure_faults faults;
	struct buf text, again;
	struct json_writer j;
	json_t *json;

	buf_init(&text, JSON_MAX);
	buf_init(&again, STRUCTURE_PARTS_MAX);
	j = json_writer(&text);
	json_write_open(&j, NULL, '{');
	structure_json_write_members(&j, parts);
	json_write_close(&j, '}');
	must(!j.failed);
	json = json_loadb((const char *)buf_data(&text), buf_len(&text), 0, NULL);
	must(json != NULL && structure_read(json, &any, &again, &faults) &&
	    slice_eq(buf_slice(&again), parts));
	json_decref(json);
	buf_clear(&text);
	buf_clear(&again);
}

static void
check_words(struct slice parts)
{
	struct buf words;

	buf_init(&words, STRUCTURE_WORDS_MAX);
	structure_write_words(parts, &words);
	must(buf_len(&words) > 0 && utf8_valid(buf_slice(&words)));
	buf_clear(&words);
}

static void
check_answer(struct slice parts, struct slice text)
{
	json_t *json = json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, NULL);
	struct buf given, answer, words, wrong;

	buf_init(&given, STRUCTURE_PARTS_MAX);
	buf_init(&answer, 2 * STRUCTURE_PARTS_MAX);
	buf_init(&words, ANSWER_PARTS_TEXT_MAX);
	buf_init(&wrong, ANSWER_PARTS_WRONG_MAX);
	if (json != NULL && structure_read_answer(json, &given) == NULL) {
		if (answer_parts_check(parts, buf_slice(&given), &answer, &words, &wrong))
			must(answer_parts_wrong(buf_slice(&answer)) == NULL &&
			    buf_len(&words) > 0 && utf8_valid(buf_slice(&words)));
		else
			must(buf_len(&wrong) > 0 && utf8_valid(buf_slice(&wrong)));
	}
	json_decref(json);
	buf_clear(&given);
	buf_clear(&answer);
	buf_clear(&words);
	buf_clear(&wrong);
}

FUZZ(structure)
{
	const uint8_t *nul = memchr(in.p, '\0', in.len);
	const size_t n = nul == NULL ? in.len : (size_t)(nul - in.p);
	json_t *json = json_loadb((const char *)in.p, n, JSON_ALLOW_NUL, NULL);
	struct structure_faults faults;
	struct buf parts;

	buf_init(&parts, STRUCTURE_PARTS_MAX);
	if (json != NULL && structure_read(json, &any, &parts, &faults)) {
		must(structure_wrong(buf_slice(&parts)) == NULL && buf_len(&parts) > 0);
		check_again(buf_slice(&parts));
		check_words(buf_slice(&parts));
		if (nul != NULL)
			check_answer(
			    buf_slice(&parts), (struct slice){nul + 1, in.len - n - 1});
	} else if (json != NULL) {
		must(faults.n > 0);
	}
	json_decref(json);
	buf_clear(&parts);
}
