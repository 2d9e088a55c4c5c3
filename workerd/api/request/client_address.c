/*
 * X-Forwarded-For and X-Forwarded-Proto are read from their end: the nearest proxy wrote the last member,
 * and each member before it comes from one hop further away.
 */
#include "workerd/api/request/client_address.h"

#include <string.h>

/* Takes the last member off a comma-separated list, trimmed; skips empty ones. False: none is left. */
static bool
client_address_take_last(struct slice *list, struct slice *member)
{
	while (list->len > 0) {
		const uint8_t *comma = memrchr(list->p, ',', list->len);
		size_t from = comma == NULL ? 0 : (size_t)(comma - list->p) + 1;

		*member = header_trim((struct slice){list->p + from, list->len - from});
		list->len = comma == NULL ? 0 : from - 1;
		if (member->len > 0)
			return true;
	}
	return false;
}

/* Position in a list that is spread over several fields, read backwards. */
struct backwards {
	const struct http_request *req;
	const char *name;
	size_t fields; /* not read yet */
	struct slice rest;
};

static bool
client_address_previous(struct backwards *b, struct slice *member)
{
	while (!client_address_take_last(&b->rest, member)) {
		const struct http_header *h;

		if (b->fields == 0)
			return false;
		h = &b->req->headers[--b->fields];
		if (header_equals(h->name, b->name))
			b->rest = h->value;
	}
	return true;
}

/* Nothing, or a colon and a port. */
static bool
client_address_is_port(struct slice s)
{
	if (s.len == 0)
		return true;
	if (s.p[0] != ':' || s.len < 2 || s.len > 6)
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* Splits an address as proxies write it: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1] or
 * [2001:db8::1]:80. Returns the address; port gets the rest, with its colon. */
static struct slice
client_address_split_port(struct slice text, struct slice *port)
{
	const uint8_t *colon = memchr(text.p, ':', text.len);
	const uint8_t *bracket = memchr(text.p, ']', text.len);
	size_t brackets = text.p[0] == '[' && bracket != NULL;
	size_t end = text.len;

	if (brackets == 1)
		end = (size_t)(bracket - text.p);
	else if (colon != NULL && colon == memrchr(text.p, ':', text.len))
		end = (size_t)(colon - text.p);
	*port = (struct slice){text.p + end + brackets, text.len - end - brackets};
	return (struct slice){text.p + brackets, end - brackets};
}

static int
client_address_read_address(struct slice text, struct ip_address *out)
{
	struct slice port, address = client_address_split_port(text, &port);

	return client_address_is_port(port) ? ip_parse(address, out) : -1;
}

static struct ip_address
client_behind(
    const struct http_request *req, struct ip_address peer, const struct network_list *trusted)
{
	struct backwards list = {req, "x-forwarded-for", req->n_headers, {0}};
	struct ip_address address;
	struct slice member;

	while (network_list_has(trusted, &peer) && client_address_previous(&list, &member)) {
		if (client_address_read_address(member, &address) == -1)
			break;
		peer = address;
	}
	return peer;
}

static enum client_scheme
client_address_scheme_behind(const struct http_request *req, enum client_scheme otherwise)
{
	struct backwards list = {req, "x-forwarded-proto", req->n_headers, {0}};
	struct slice scheme;

	if (!client_address_previous(&list, &scheme))
		return otherwise;
	if (header_equals(scheme, "https"))
		return SCHEME_HTTPS;
	return header_equals(scheme, "http") ? SCHEME_HTTP : otherwise;
}

struct client_address
client_address_of(const struct http_request *req, struct slice peer, bool tls,
    const struct network_list *trusted)
{
	struct client_address c = {
	    .address = ip_from_bytes(peer),
	    .scheme = tls ? SCHEME_HTTPS : SCHEME_UNKNOWN,
	};

	c.trusted_peer = network_list_has(trusted, &c.address);
	if (!c.trusted_peer)
		return c;
	c.address = client_behind(req, c.address, trusted);
	c.scheme = client_address_scheme_behind(req, c.scheme);
	return c;
}
