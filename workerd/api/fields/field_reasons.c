/*
 * From a reason to its sentence and its code.
 */
#include "workerd/api/fields/field_reasons.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"

#define NUMBER_TEXT 32 /* bytes */

static const struct {
	const char *code, *sentence;
} reasons[] = {
#define REASON(NAME, code, sentence) [REASON_##NAME] = {code, sentence},
#include "workerd/api/fields/field_reasons.def"
};

/* All digits of a whole number of 32 bits. */
static void
field_reason_format(double n, char text[static NUMBER_TEXT])
{
	(void)snprintf(text, NUMBER_TEXT, "%.10g", n);
}

/* "a, b or c" */
static void
field_reason_list(const char *const *choices, struct buf *out)
{
	for (size_t i = 0; choices[i] != NULL; i++)
		must(buf_printf(out, "%s%s",
			 i == 0                       ? ""
			     : choices[i + 1] == NULL ? " or "
						      : ", ",
			 choices[i]) == 0);
}

static bool
field_reason_has(const struct field_refusal *refusal, const char *placeholder)
{
	return strstr(reasons[refusal->reason].sentence, placeholder) != NULL;
}

/* Appends the value of the placeholder at the beginning of a text; returns what follows it. */
static const char *
field_reason_fill(const struct field_refusal *refusal, const char *text, struct buf *out)
{
	char number[NUMBER_TEXT];

	if (strncmp(text, "{choices}", 9) == 0) {
		field_reason_list(refusal->choices, out);
	} else {
		field_reason_format(
		    strncmp(text, "{min}", 5) == 0 ? refusal->min : refusal->max, number);
		must(buf_append_str(out, number) == 0);
	}
	return strchr(text, '}') + 1;
}

void
field_reason_write_sentence(const struct field_refusal *refusal, struct buf *out)
{
	const char *rest = reasons[refusal->reason].sentence;

	while (*rest != '\0') {
		size_t len = strcspn(rest, "{");

		must(buf_append(out, rest, len) == 0);
		rest += len;
		if (*rest == '{')
			rest = field_reason_fill(refusal, rest, out);
	}
}

static void
field_reason_write_number(struct json_writer *j, const char *key, double n)
{
	char text[NUMBER_TEXT];

	field_reason_format(n, text);
	json_write_json(j, key, slice_str(text));
}

void
field_reason_write_members(const struct field_refusal *refusal, struct json_writer *j)
{
	json_write_str(j, "code", slice_str(reasons[refusal->reason].code));
	if (field_reason_has(refusal, "{min}"))
		field_reason_write_number(j, "min", refusal->min);
	if (field_reason_has(refusal, "{max}"))
		field_reason_write_number(j, "max", refusal->max);
	if (!field_reason_has(refusal, "{choices}"))
		return;
	json_write_open(j, "choices", '[');
	for (const char *const *choice = refusal->choices; *choice != NULL; choice++)
		json_write_str(j, NULL, slice_str(*choice));
	json_write_close(j, ']');
}
