/*
 * The Date header line, formatted once per second.
 */
#ifndef WORKERD_HTTP_DATE_H
#define WORKERD_HTTP_DATE_H

#include <time.h>

struct date {
	time_t second; /* that line shows; 0 at first */
	char line[40]; /* "Date: …" CRLF */
};

/* The line for now, valid until the next call (RFC 9110, section 6.6.1). */
const char *date_line(struct date *d);

#endif
