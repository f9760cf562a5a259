/* SPDX-License-Identifier: MIT */
/* States as words with a class, which gives them colour and shape. Pure. */
#ifndef AGENT_PAGE_MARKS_H
#define AGENT_PAGE_MARKS_H

#include <stdbool.h>

#include "agent/page/html.h"

/* Classes of style.css. */
#define MARK_GOOD "good"
#define MARK_BAD  "bad"
#define MARK_ODD  "odd"  /* to be looked at */
#define MARK_NONE "none" /* says nothing */

/* <span class="CLASS">WORD</span> */
void mark_add(struct html *h, const char *class, const char *word);
/* Of a state of an app. `trouble`: it is not where it should be. */
const char *mark_of_app(const char *state, bool trouble);
const char *mark_of_health(const char *health);
const char *mark_of_session(const char *state, bool disabled);
/* Of a route at a peer. */
const char *mark_of_route(const char *state);

#endif
