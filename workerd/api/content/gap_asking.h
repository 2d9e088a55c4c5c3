/*
 * After an answer was published: the open questions that it may answer are asked again, and those that find it are
 * closed. That happens after the response, within seconds, and is given up if searchd does not index the answer in time
 * or the worker ends: the questions then stay open.
 */
#ifndef WORKERD_API_CONTENT_GAP_ASKING_H
#define WORKERD_API_CONTENT_GAP_ASKING_H

#include "workerd/api/request/api_state.h"

struct gap_askings *gap_askings_new(void);
void gap_askings_free(struct gap_askings *all); /* gives up all of them */

/* gaps: ids of questions that are asked in any case, one behind the other; others are asked if they are similar to that
 * of the answer. */
void gap_asking_start(
    struct api *api, const struct msg_answer_record *answer, struct slice gaps);

#endif
