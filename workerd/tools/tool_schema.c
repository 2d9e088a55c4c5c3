/*
 * Both walks keep the parts that are still to be looked at in a list.
 */
#include "workerd/tools/tool_schema.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* A schema, and the value that it is for. */
struct part {
	json_t *schema, *value;
	const char *name; /* the property that it belongs to */
	unsigned depth;
};

struct parts {
	struct part *all;
	size_t n, cap;
	char *why;
};

[[gnu::format(printf, 2, 3)]] static bool
tool_schema_refuse(const struct parts *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(p->why, TOOL_WHY_MAX, format, args);
	va_end(args);
	/* A name may be cut within a character. */
	while (!utf8_valid(slice_str(p->why)))
		p->why[strlen(p->why) - 1] = '\0';
	return false;
}

static void
tool_schema_push(struct parts *p, struct part part)
{
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 16 : 2 * p->cap;
		p->all = xreallocarray(p->all, p->cap, sizeof(*p->all));
	}
	p->all[p->n++] = part;
}

static const struct {
	const char *name;
	unsigned bit;
} types[] = {{"null", 1}, {"boolean", 2}, {"integer", 4}, {"number", 8 | 4}, {"string", 16},
    {"array", 32}, {"object", 64}};

#define ANY_TYPE 127u
#define STRING   16u
#define ARRAY    32u
#define OBJECT   64u

/* The types of a name; 0: there is none. */
static unsigned
tool_schema_type_named(const json_t *name)
{
	for (size_t i = 0; json_is_string(name) && i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, json_string_value(name)) == 0)
			return types[i].bit;
	return 0;
}

/* The types that a schema allows; 0: it names one that does not exist. */
static unsigned
tool_schema_types(const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	unsigned set = 0;

	if (type == NULL)
		return ANY_TYPE;
	if (!json_is_array(type))
		return tool_schema_type_named(type);
	for (size_t i = 0; i < json_array_size(type); i++) {
		const unsigned one = tool_schema_type_named(json_array_get(type, i));

		if (one == 0)
			return 0;
		set |= one;
	}
	return set;
}

static unsigned
tool_schema_type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		return 1;
	case JSON_TRUE:
	case JSON_FALSE:
		return 2;
	case JSON_INTEGER:
		return 4;
	case JSON_REAL: /* 2.0 is an integer, too */
		return floor(json_real_value(value)) == json_real_value(value) ? 4 : 8;
	case JSON_STRING:
		return STRING;
	case JSON_ARRAY:
		return ARRAY;
	case JSON_OBJECT:
		return OBJECT;
	}
	return 0;
}

/* 1 and 1.0 are the same. */
static bool
tool_schema_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b) != 0;
}

/* The limit of a schema, or another number if it has none. */
static double
tool_schema_limit(const json_t *schema, const char *name, double none)
{
	const json_t *limit = json_object_get(schema, name);

	return limit == NULL ? none : json_number_value(limit);
}

static bool
tool_schema_is_known(const char *keyword)
{
	static const char *const known[] = {"type", "properties", "required", "enum", "const",
	    "minimum", "maximum", "minLength", "maxLength", "items", "minItems", "maxItems",
	    "additionalProperties", "title", "description", "default", "examples", "format",
	    "$schema", "$comment"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], keyword) == 0)
			return true;
	return false;
}

static bool
tool_schema_check_keywords(const struct parts *p, json_t *schema)
{
	const char *keyword;
	json_t *unused;

	json_object_foreach (schema, keyword, unused)
		if (!tool_schema_is_known(keyword))
			return tool_schema_refuse(
			    p, "the keyword \"%.60s\" is not supported", keyword);
	return true;
}

/* Pairs of limits: numbers, or counts, that leave room between them. */
static bool
tool_schema_check_limits(const struct parts *p, const json_t *schema)
{
	static const struct {
		const char *least, *most;
		bool counts;
	} pairs[] = {{"minimum", "maximum", false}, {"minLength", "maxLength", true},
	    {"minItems", "maxItems", true}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const char *const names[] = {pairs[i].least, pairs[i].most};

		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			const json_t *limit = json_object_get(schema, names[k]);

			if (limit == NULL)
				continue;
			if (!(pairs[i].counts ? tool_schema_type_of(limit) == 4 &&
					json_number_value(limit) >= 0
					      : json_is_number(limit)))
				return tool_schema_refuse(p, "\"%s\" must be a %s", names[k],
				    pairs[i].counts ? "whole number from 0 on" : "number");
		}
		if (tool_schema_limit(schema, names[0], -HUGE_VAL) >
		    tool_schema_limit(schema, names[1], HUGE_VAL))
			return tool_schema_refuse(
			    p, "\"%s\" is greater than \"%s\"", names[0], names[1]);
	}
	return true;
}

/* At least one of the values must have a type that the schema allows. */
static bool
tool_schema_check_values(const struct parts *p, const json_t *schema, unsigned set)
{
	const json_t *list = json_object_get(schema, "enum"),
		     *one = json_object_get(schema, "const");
	bool any = false, has = one == NULL;

	if (one != NULL && (tool_schema_type_of(one) & set) == 0)
		return tool_schema_refuse(p, "\"const\" does not have the type");
	if (list == NULL)
		return true;
	if (!json_is_array(list) || json_array_size(list) == 0)
		return tool_schema_refuse(p, "\"enum\" must be a list of values");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *value = json_array_get(list, i);

		any |= (tool_schema_type_of(value) & set) != 0;
		has |= one != NULL && tool_schema_equal(value, one);
	}
	if (!any)
		return tool_schema_refuse(p, "no value of \"enum\" has the type");
	return has || tool_schema_refuse(p, "\"const\" is not in \"enum\"");
}

static bool
tool_schema_check_required(const struct parts *p, const json_t *schema)
{
	const json_t *required = json_object_get(schema, "required");
	const json_t *properties = json_object_get(schema, "properties");

	if (required == NULL)
		return true;
	if (!json_is_array(required))
		return tool_schema_refuse(p, "\"required\" must be a list of names");
	for (size_t i = 0; i < json_array_size(required); i++) {
		const char *name = json_string_value(json_array_get(required, i));

		if (name == NULL)
			return tool_schema_refuse(p, "\"required\" must be a list of names");
		if (json_object_get(properties, name) == NULL)
			return tool_schema_refuse(
			    p, "\"required\" names \"%.60s\", which is not a property", name);
	}
	return true;
}

/* Adds the schemas in a schema. */
static bool
tool_schema_check_inner(struct parts *p, const struct part *part)
{
	json_t *properties = json_object_get(part->schema, "properties"), *inner;
	json_t *items = json_object_get(part->schema, "items");
	json_t *more = json_object_get(part->schema, "additionalProperties");
	const char *name;

	if (properties != NULL && !json_is_object(properties))
		return tool_schema_refuse(p, "\"properties\" must be an object");
	json_object_foreach (properties, name, inner)
		tool_schema_push(p, (struct part){inner, NULL, name, part->depth + 1});
	if (items != NULL)
		tool_schema_push(p, (struct part){items, NULL, part->name, part->depth + 1});
	if (more != NULL && !json_is_boolean(more))
		tool_schema_push(p, (struct part){more, NULL, part->name, part->depth + 1});
	return true;
}

static bool
tool_schema_check_part(struct parts *p, const struct part *part)
{
	const unsigned set = tool_schema_types(part->schema);

	if (!json_is_object(part->schema))
		return tool_schema_refuse(p, "a schema must be an object");
	if (part->depth > TOOL_SCHEMA_DEPTH)
		return tool_schema_refuse(p, "it is nested too deeply");
	if (set == 0)
		return tool_schema_refuse(p, "\"type\" must name types");
	return tool_schema_check_keywords(p, part->schema) &&
	    tool_schema_check_limits(p, part->schema) &&
	    tool_schema_check_values(p, part->schema, set) &&
	    tool_schema_check_required(p, part->schema) && tool_schema_check_inner(p, part);
}

bool
tool_schema_check(json_t *schema, char why[TOOL_WHY_MAX])
{
	struct parts p = {.why = why};
	bool valid = true;

	if (tool_schema_types(schema) != OBJECT)
		return tool_schema_refuse(&p, "its \"type\" must be \"object\"");
	tool_schema_push(&p, (struct part){schema, NULL, "", 0});
	while (valid && p.n > 0) {
		const struct part part = p.all[--p.n];

		valid = tool_schema_check_part(&p, &part);
	}
	free(p.all);
	return valid;
}

/* Characters of a text, as JSON Schema counts them. */
static double
tool_schema_length(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((uint8_t)*text & 0xc0) != 0x80;
	return (double)n;
}

static bool
tool_schema_fits_text(const struct parts *p, const struct part *part)
{
	const double n = tool_schema_length(json_string_value(part->value));

	if (n < tool_schema_limit(part->schema, "minLength", 0))
		return tool_schema_refuse(p, "\"%.60s\" is too short", part->name);
	if (n > tool_schema_limit(part->schema, "maxLength", HUGE_VAL))
		return tool_schema_refuse(p, "\"%.60s\" is too long", part->name);
	return true;
}

static bool
tool_schema_fits_number(const struct parts *p, const struct part *part)
{
	const double n = json_number_value(part->value);
	const double least = tool_schema_limit(part->schema, "minimum", -HUGE_VAL);
	const double most = tool_schema_limit(part->schema, "maximum", HUGE_VAL);

	if (n < least)
		return tool_schema_refuse(
		    p, "\"%.60s\" must be at least %g", part->name, least);
	if (n > most)
		return tool_schema_refuse(p, "\"%.60s\" must be at most %g", part->name, most);
	return true;
}

static bool
tool_schema_fits_list(struct parts *p, const struct part *part)
{
	json_t *items = json_object_get(part->schema, "items");
	const double n = (double)json_array_size(part->value);

	if (n < tool_schema_limit(part->schema, "minItems", 0) ||
	    n > tool_schema_limit(part->schema, "maxItems", HUGE_VAL))
		return tool_schema_refuse(
		    p, "\"%.60s\" has too few or too many items", part->name);
	for (size_t i = 0; items != NULL && i < json_array_size(part->value); i++)
		tool_schema_push(
		    p, (struct part){items, json_array_get(part->value, i), part->name, 0});
	return true;
}

static bool
tool_schema_fits_object(struct parts *p, const struct part *part)
{
	const json_t *required = json_object_get(part->schema, "required");
	const json_t *properties = json_object_get(part->schema, "properties");
	json_t *more = json_object_get(part->schema, "additionalProperties");
	const char *name;
	json_t *value;

	for (size_t i = 0; i < json_array_size(required); i++) {
		name = json_string_value(json_array_get(required, i));
		if (json_object_get(part->value, name) == NULL)
			return tool_schema_refuse(p, "\"%.60s\" is missing", name);
	}
	json_object_foreach (part->value, name, value) {
		json_t *inner = json_object_get(properties, name);

		if (inner == NULL && json_is_false(more))
			return tool_schema_refuse(p, "\"%.60s\" is unknown", name);
		if (inner == NULL && json_is_object(more))
			inner = more;
		if (inner != NULL)
			tool_schema_push(p, (struct part){inner, value, name, 0});
	}
	return true;
}

static bool
tool_schema_fits_values(const struct parts *p, const struct part *part)
{
	const json_t *list = json_object_get(part->schema, "enum"),
		     *one = json_object_get(part->schema, "const");
	bool found = list == NULL;

	for (size_t i = 0; !found && i < json_array_size(list); i++)
		found = tool_schema_equal(json_array_get(list, i), part->value);
	if (!found || (one != NULL && !tool_schema_equal(one, part->value)))
		return tool_schema_refuse(
		    p, "\"%.60s\" is not one of the allowed values", part->name);
	return true;
}

static bool
tool_schema_fits_part(struct parts *p, const struct part *part)
{
	const unsigned type = tool_schema_type_of(part->value);

	if ((type & tool_schema_types(part->schema)) == 0)
		return tool_schema_refuse(p, "\"%.60s\" has the wrong type", part->name);
	if (!tool_schema_fits_values(p, part))
		return false;
	switch (type) {
	case STRING:
		return tool_schema_fits_text(p, part);
	case ARRAY:
		return tool_schema_fits_list(p, part);
	case OBJECT:
		return tool_schema_fits_object(p, part);
	default:
		return !json_is_number(part->value) || tool_schema_fits_number(p, part);
	}
}

bool
tool_schema_fits(json_t *schema, json_t *value, char why[TOOL_WHY_MAX])
{
	struct parts p = {.why = why};
	bool fits = true;

	tool_schema_push(&p, (struct part){schema, value, "arguments", 0});
	while (fits && p.n > 0) {
		const struct part part = p.all[--p.n];

		fits = tool_schema_fits_part(&p, &part);
	}
	free(p.all);
	return fits;
}
