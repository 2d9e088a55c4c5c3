/*
 * Binary search.
 */
#include "storaged/search/ranking/scope.h"

#include <stdlib.h>

#include "storaged/search/ranking/row.h"

static int
scope_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool
scope_has_row(const struct scope *scope, int64_t row)
{
	int64_t source = row_source(row);

	if (scope->all && scope->n == SCOPE_SOURCES)
		return true;
	return bsearch(&source, scope->sources, scope->n, sizeof(source), scope_compare) !=
	    NULL;
}
