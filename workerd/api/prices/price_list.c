/*
 * From the API to the store, and back.
 */
#include "workerd/api/prices/price_list.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/json_read.h"

#define MODELS_MAX     200u
#define NAME_UNITS     256u     /* as the model of an agent */
#define PRICE_MAX      1000000u /* in units of the currency */
#define NAME_IN_ERRORS 50

_Static_assert(MODELS_MAX == 200 && NAME_UNITS == 256, "REASON_MODELS names them");

/* A price in millionths. */
static bool
price_list_read_price(const struct field *f, json_t *value, struct fields *in, void *at)
{
	const double almost = 1e-3;
	double millionths = json_number_value(value) * 1e6;
	uint64_t whole;

	(void)f;
	(void)in;
	if (!json_is_number(value) || !(millionths > -almost) ||
	    !(millionths < PRICE_MAX * 1e6 + almost))
		return false;
	whole = (uint64_t)(millionths + 0.5);
	if (millionths < (double)whole - almost || millionths > (double)whole + almost)
		return false;
	*(uint64_t *)at = whole;
	return true;
}

static void
price_list_write_price(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_millionths(j, f->name, *(const uint64_t *)at);
}

static void
price_list_bound_price(const struct field *f, struct field_refusal *refusal)
{
	(void)f;
	refusal->max = PRICE_MAX;
}

static const struct field_kind field_price = {sizeof(uint64_t), price_list_read_price,
    REASON_PRICE, price_list_write_price, price_list_bound_price};

/* Three letters, as in ISO 4217: new currencies need no new banter. */
static bool
price_list_read_currency(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s = json_read_string(value);

	(void)f;
	(void)in;
	if (s.len != 3)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	*(struct slice *)at = s;
	return true;
}

static const struct field_kind field_currency = {
    sizeof(struct slice), price_list_read_currency, REASON_CURRENCY, NULL, NULL};

struct price {
	uint64_t input, output;
};

static const struct field price_fields[] = {
    {"inputPerMillion", &field_price, offsetof(struct price, input), FIELD_REQUIRED, 0, 0,
	NULL},
    {"outputPerMillion", &field_price, offsetof(struct price, output), FIELD_REQUIRED, 0, 0,
	NULL},
    {.name = NULL},
};

struct price_list {
	struct slice currency;
	json_t *models;
};

static const struct field list_fields[] = {
    {"currency", &field_currency, offsetof(struct price_list, currency), FIELD_REQUIRED, 0, 0,
	NULL},
    {"models", &field_object, offsetof(struct price_list, models), FIELD_REQUIRED, 0, 0, NULL},
    {.name = NULL},
};

/* As for the model of an agent (field_ascii). */
static bool
price_list_is_name(struct slice name)
{
	return name.len > 0 && name.len <= NAME_UNITS && utf8_is_line(name) &&
	    utf8_utf16_len(name) == name.len && utf8_trim(name).len == name.len;
}

static void
price_list_read_model(
    struct fields *in, const char *name, json_t *object, struct json_writer *j)
{
	char before[FIELDS_NAME_MAX];
	struct price price = {.input = 0};

	if (!price_list_is_name(slice_str(name))) {
		fields_refuse(in, "models", REASON_MODELS);
		return;
	}
	(void)snprintf(before, sizeof(before), "models.%.*s", NAME_IN_ERRORS, name);
	if (!json_is_object(object)) {
		fields_refuse(in, before, REASON_MODEL_PRICES);
		return;
	}
	(void)snprintf(before, sizeof(before), "models.%.*s.", NAME_IN_ERRORS, name);
	fields_enter(in, object, before);
	fields_read(in, price_fields, true, &price);
	fields_enter(in, in->json, "");
	json_write_open_named(j, slice_str(name), '[');
	json_write_uint(j, NULL, price.input);
	json_write_uint(j, NULL, price.output);
	json_write_close(j, ']');
}

void
price_list_read(struct fields *in, struct buf *out)
{
	struct price_list list = {.models = NULL};
	struct json_writer j = json_writer(out);
	const char *name;
	json_t *object;

	fields_read(in, list_fields, true, &list);
	json_write_open(&j, NULL, '{');
	json_write_str(&j, "currency", list.currency);
	json_write_open(&j, "models", '{');
	if (json_object_size(list.models) > MODELS_MAX) {
		fields_refuse(in, "models", REASON_MODELS);
		return;
	}
	json_object_foreach (list.models, name, object) {
		price_list_read_model(in, name, object, &j);
	}
	json_write_close(&j, '}');
	json_write_close(&j, '}');
	if (j.failed)
		fields_refuse(in, "models", REASON_MODELS_LONG);
}

/* A stored price; 0 if it is invalid. */
static uint64_t
price_list_stored(const json_t *pair, size_t i)
{
	json_int_t n = json_integer_value(json_array_get(pair, i));

	return n < 0 ? 0 : (uint64_t)n;
}

void
price_list_write(struct json_writer *j, struct slice list)
{
	json_t *stored = list.len == 0 ? NULL : json_read_object(list), *pair;
	struct slice currency = json_read_member(stored, "currency");
	const char *name;

	json_write_open(j, NULL, '{');
	json_write_open(j, "models", '{');
	json_object_foreach (json_object_get(stored, "models"), name, pair) {
		const struct price price = {
		    price_list_stored(pair, 0), price_list_stored(pair, 1)};

		json_write_open_named(j, slice_str(name), '{');
		fields_write(j, price_fields, &price);
		json_write_close(j, '}');
	}
	json_write_close(j, '}');
	if (currency.len == 0)
		json_write_null(j, "currency");
	else
		json_write_str(j, "currency", currency);
	json_write_close(j, '}');
	json_read_free(stored);
}
