/*
 * Seeds from messages.def, routes.def, settings.def, and the corpus of raw requests.
 */
#include <stdio.h>

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/http/corpus.h"
#include "workerd/http/message/http_parse.h"

#define NESTED_MAX 8 /* record and list fields of one message */

/* A value for a field that contains no record. The number makes fields differ. */
static void
fill_plain(const struct wire_field *f, uint8_t *at, uint8_t number)
{
	struct slice text = slice_str("gr\xc3\xbc\xc3\x9f dich");

	if (f->max < text.len)
		text = (struct slice){slice_str("abcdefghijkl").p, f->max};
	switch (f->type) {
	case WIRE_U8:
		*at = 1;
		break;
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
		wire_set_number(f, at, number);
		break;
	case WIRE_ID:
		memset(at, number, sizeof(struct id));
		break;
	case WIRE_HASH:
		memset(at, number, sizeof(struct hash256));
		break;
	case WIRE_TEXT:
	case WIRE_BYTES:
		*(struct slice *)(void *)at = text;
		break;
	case WIRE_REC:
	case WIRE_LIST:
	case WIRE_END:
		break;
	}
}

/* Appends one record of a type, without records inside, to out. */
static void
put_record(struct buf *out, uint16_t type)
{
	const struct wire_field *f = msg_desc(type)->fields;
	union msg m = {0};

	for (uint8_t number = 1; f->type != WIRE_END; f++, number++)
		fill_plain(f, (uint8_t *)&m + f->offset, number);
	must(record_encode(out, (enum msg_type)type, &m) == 0);
}

/* A record field gets one record, a list field two. */
static void
put_nested(struct buf *out, const struct wire_field *f)
{
	struct buf record;

	buf_init(out, f->max);
	buf_init(&record, f->max);
	put_record(&record, f->item);
	if (f->type == WIRE_REC)
		must(buf_append(out, buf_data(&record), buf_len(&record)) == 0);
	for (int i = 0; f->type == WIRE_LIST && i < 2; i++)
		must(wire_list_add(out, buf_slice(&record)) == 0);
	buf_clear(&record);
}

/* A frame with a value in every field. */
static void
put_frame(struct buf *out, const struct msg_desc *d, uint64_t request)
{
	struct buf nested[NESTED_MAX];
	union msg m = {0};
	uint8_t number = 1;
	size_t n = 0;

	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++, number++) {
		uint8_t *at = (uint8_t *)&m + f->offset;

		fill_plain(f, at, number);
		if (f->type != WIRE_REC && f->type != WIRE_LIST)
			continue;
		must(n < NESTED_MAX);
		put_nested(&nested[n], f);
		*(struct slice *)(void *)at = buf_slice(&nested[n++]);
	}
	must(msg_encode(out, (enum msg_type)d->type, request, &m) == 0);
	while (n > 0)
		buf_clear(&nested[--n]);
}

void
seeds_frames(seed_fn *fn, void *arg)
{
	const struct msg_desc *table;
	struct buf frame, stream;
	size_t n;

	table = msg_table(&n);
	buf_init(&frame, WIRE_FRAME_MAX);
	buf_init(&stream, WIRE_FRAME_MAX);
	for (size_t i = 0; i < n; i++) {
		put_frame(&frame, &table[i], i);
		must(buf_append(&stream, buf_data(&frame), buf_len(&frame)) == 0);
		fn(arg, table[i].name, buf_slice(&frame));
		buf_reset(&frame);
	}
	fn(arg, "all", buf_slice(&stream));
	buf_clear(&frame);
	buf_clear(&stream);
}

/* After the parameters of fuzz_http_parse.c: heads up to 8 KiB, in pieces of 7, 1, 2, 3. */
void
seeds_requests(seed_fn *fn, void *arg)
{
	struct corpus corpus;

	corpus_load(&corpus);
	for (size_t i = 0; i < corpus.n; i++) {
		struct slice bytes = buf_slice(&corpus.cases[i].bytes);
		struct buf input;
		char name[32];

		buf_init(&input, bytes.len + 5);
		must(buf_append_str(&input, "ggabc") == 0 &&
		    buf_append(&input, bytes.p, bytes.len) == 0);
		(void)snprintf(name, sizeof(name), "request-%03zu", i);
		fn(arg, name, buf_slice(&input));
		buf_clear(&input);
	}
	corpus_clear(&corpus);
}

[[gnu::format(printf, 4, 5)]] static void
put_text(seed_fn *fn, void *arg, const char *name, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, 65536);
	va_start(ap, fmt);
	must(buf_vprintf(&text, fmt, ap) == 0);
	va_end(ap);
	fn(arg, name, buf_slice(&text));
	buf_clear(&text);
}

void
seeds_paths(seed_fn *fn, void *arg)
{
#define ROUTE(METHOD, pattern, handler, GUARD, RIGHT, body_max, name) \
	put_text(fn, arg, name, "%c%s", (char)HTTP_##METHOD, pattern);
#include "workerd/api/routes.def"
}

/* Example values for settings without a default, by kind. */
#define EXAMPLE_COUNT        "7"
#define EXAMPLE_BYTES        "64m"
#define EXAMPLE_DECIMAL      "0.125"
#define EXAMPLE_PROXY        "socks5h://user:pass@word@[::1]:1080"
#define EXAMPLE_TEXT         "twenty-four characters: \xc3\xbc"
#define EXAMPLE_URL          "http://[::1]:8080/v1//"
#define EXAMPLE_PATH         "/srv/chat"
#define EXAMPLE_SMTP         "smtp://127.0.0.1:2525"
#define EXAMPLE_USER         "nobody"
#define EXAMPLE_FILE         "/etc/ssl/chat.pem"
#define EXAMPLE_ENV          "production"
#define EXAMPLE_API          "auto"
#define EXAMPLE_LEVEL        "debug"
#define EXAMPLE_ORIGINS      "https://Shop.Example:443, http://localhost:3000,*"
#define EXAMPLE_LISTEN       "0.0.0.0:4000, [::1]:4001,127.0.0.1:80"
#define EXAMPLE_SERVERS      "local=http://127.0.0.1:11434/v1/, big-2=https://llm.example/v1"
#define EXAMPLE_SECRETS      "local=k, big-2=sk=with=signs=="
#define EXAMPLE_SERVERS_FILE "/etc/banter/model-servers.json"
#define EXAMPLE_NETWORKS     "127.0.0.1, 10.0.0.0/8, fd00::/8"

void
seeds_settings(seed_fn *fn, void *arg)
{
	const char *fallback;

#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help) \
	fallback = def;                                                        \
	put_text(fn, arg, #NAME, "%s=%s", #NAME, fallback != NULL ? fallback : EXAMPLE_##KIND);
#include "proto/settings/settings.def"
}
