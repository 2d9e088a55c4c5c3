/*
 * The headers of content negotiation: lists, content codings, entity tags. The first byte selects
 * the available codings, the rest is the header's value.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/http/message/http_parse.h"
#include "workerd/http/message/negotiate.h"

/* Members are the trimmed parts between the commas, in order, without empty ones. */
static void
check_list(struct slice list)
{
	struct slice rest = list, member;
	const uint8_t *done = list.p;

	while (header_list_next(&rest, &member)) {
		must(member.len > 0 && member.p >= done);
		must(member.p + member.len <= list.p + list.len);
		must(memchr(member.p, ',', member.len) == NULL);
		must(slice_eq(header_trim(member), member));
		for (; done < member.p; done++)
			must(*done == ' ' || *done == '\t' || *done == ',');
		done = member.p + member.len;
	}
	must(rest.len == 0);
	for (; done < list.p + list.len; done++)
		must(*done == ' ' || *done == '\t' || *done == ',');
}

/* Whether a list names a coding, or "*", ignoring weights. */
static bool
names(struct slice list, const char *coding)
{
	struct slice member;

	while (header_list_next(&list, &member)) {
		const uint8_t *semicolon = memchr(member.p, ';', member.len);

		if (semicolon != NULL)
			member.len = (size_t)(semicolon - member.p);
		member = header_trim(member);
		if (header_equals(member, coding) || header_equals(member, "*"))
			return true;
	}
	return false;
}

static void
check_coding(struct slice accept, unsigned available)
{
	enum http_coding c = negotiate_coding(accept, available);

	must(c < CODINGS);
	if (c == CODING_IDENTITY)
		return;
	must(available & (1u << c));
	if (c == CODING_BR)
		must(names(accept, "br"));
	else
		must(names(accept, "gzip") || names(accept, "x-gzip"));
}

/* A type is preferred only if it is named, and never over one with the same weight. */
static void
check_type(struct slice accept)
{
	static const char *const weights[] = {"", ";q=1", " ; a=b ; q=1.000 "};
	bool preferred = negotiate_prefers_type(accept, "a/b", "c/d");
	struct buf longer;

	if (preferred)
		must(names(accept, "a/b"));
	must(!preferred || !negotiate_prefers_type(accept, "c/d", "a/b"));
	for (size_t i = 0; i < ARRAY_LEN(weights); i++) {
		buf_init(&longer, accept.len + 64);
		must(buf_append(&longer, accept.p, accept.len) == 0);
		must(buf_printf(&longer, ",a/b%s,c/d", weights[i]) == 0);
		must(!negotiate_prefers_type(buf_slice(&longer), "a/b", "c/d"));
		buf_clear(&longer);
	}
}

/* A tag is found in front of any list, strong or weak, and only if its bytes are there. */
static void
check_etag(struct slice list)
{
	static const char etag[] = "\"a,b\"";
	struct slice tag = slice_str(etag);
	struct buf longer;

	if (negotiate_etag_matches(list, tag) && !slice_eq_str(header_trim(list), "*"))
		must(memmem(list.p, list.len, etag, tag.len) != NULL);
	for (int weak = 0; weak <= 1; weak++) {
		buf_init(&longer, list.len + 16);
		must(buf_printf(&longer, " , %s%s,", weak ? "W/" : "", etag) == 0);
		must(buf_append(&longer, list.p, list.len) == 0);
		must(negotiate_etag_matches(buf_slice(&longer), tag));
		buf_clear(&longer);
	}
}

FUZZ(http_negotiate)
{
	unsigned available = fuzz_byte(&in) % (1u << CODINGS);

	check_list(in);
	check_coding(in, available);
	check_type(in);
	check_etag(in);
}
