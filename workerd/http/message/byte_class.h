/*
 * Which bytes may be in which part of a message's head or framing: one table for all parsers.
 */
#ifndef WORKERD_HTTP_MESSAGE_BYTE_CLASS_H
#define WORKERD_HTTP_MESSAGE_BYTE_CLASS_H

#include <stdint.h>

enum {
	BYTE_TOKEN = 1,  /* a token (RFC 9110, section 5.6.2): methods and field names */
	BYTE_VALUE = 2,  /* a field value: visible ASCII, space, tab, obs-text */
	BYTE_TARGET = 4, /* a target: visible ASCII but '#', which no client sends */
	/* A Host: what names, addresses and ports are made of; RFC 3986 would allow more. */
	BYTE_HOST = 8,
	BYTE_SPACE = 16, /* white space (RFC 9110, section 5.6.3): space, tab */
};

/* The classes of each byte, combined by "or". */
extern const uint8_t byte_class[256];

#endif
