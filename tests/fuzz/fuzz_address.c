/*
 * The address of a webhook's host, and the networks of WEBHOOK_ALLOW: the first line is a network, the rest an
 * address as text. An address in one of the networks below is never public, in whatever form it is written.
 */
#include "proto/base/network.h"
#include "tests/fuzz/fuzz.h"

/* Networks that only this machine or its own network reaches. */
static const char *const closed[] = {
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/127",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
};

static bool
is_closed(const struct ip_address *a)
{
	struct network_list list = {.n = ARRAY_LEN(closed)};

	for (size_t i = 0; i < list.n; i++)
		must(network_parse(slice_str(closed[i]), &list.at[i]) == NETWORK_OK);
	return network_list_has(&list, a);
}

/* The beginnings of IPv6 addresses that contain an IPv4 address. */
static const struct form {
	size_t len;
	uint8_t front[12];
} forms[] = {
    {12, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, /* ::ffff:0:0/96 */
    {12, {0, 0x64, 0xff, 0x9b}},                      /* 64:ff9b::/96 */
    {2, {0x20, 0x02}},                                /* 2002::/16 */
};

/* An IPv4 address in an IPv6 one is as public as itself. */
static void
check_forms(const struct ip_address *v4)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		uint8_t bytes[16] = {0};
		struct ip_address a;

		memcpy(bytes, forms[i].front, forms[i].len);
		memcpy(bytes + forms[i].len, v4->b, 4);
		a = ip_from_bytes((struct slice){bytes, sizeof(bytes)});
		must(ip_is_public(&a) == ip_is_public(v4));
	}
}

/* Written again it is the same. */
static void
check_text(const struct ip_address *a)
{
	char text[IP_TEXT_SIZE];
	struct ip_address again;

	ip_format(a, text);
	must(ip_parse(slice_str(text), &again) == 0);
	must(slice_eq(ip_slice(a), ip_slice(&again)));
}

FUZZ(address)
{
	const uint8_t *end = in.len == 0 ? NULL : memchr(in.p, '\n', in.len);
	size_t line = end == NULL ? 0 : (size_t)(end - in.p) + 1;
	struct network_list allowed = {.n = 1};
	struct ip_address a;
	bool public;

	if (ip_parse((struct slice){in.p + line, in.len - line}, &a) != 0)
		return;
	check_text(&a);
	public = ip_is_public(&a);
	must(!(public && is_closed(&a)));
	if (a.len == 4)
		check_forms(&a);
	if (line == 0 ||
	    network_parse((struct slice){in.p, line - 1}, &allowed.at[0]) != NETWORK_OK)
		allowed.n = 0;
	must(ip_may_connect(&a, &allowed) || (!public && !network_list_has(&allowed, &a)));
}
