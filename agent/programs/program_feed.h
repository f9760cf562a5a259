/* SPDX-License-Identifier: MIT */
/* The lines of a pipe: read, carried out and answered, some each turn of the loop. */
#ifndef AGENT_PROGRAMS_PROGRAM_FEED_H
#define AGENT_PROGRAMS_PROGRAM_FEED_H

#include "agent/programs/program.h"

void program_feed_init(struct program_feed *f, struct program *p, bool is_fifo);
/* Takes the descriptor over. One that is open is closed only then: a fifo without a reader loses
 * what is written to it. */
int program_feed_open(struct program_feed *f, int fd);
/* Commands that were read but not carried out are dropped. */
void program_feed_close(struct program_feed *f);
/* The process has ended. Lines that are in the pipe now are still carried out;
 * program_on_feed_done() tells when. */
void program_feed_end(struct program_feed *f);

/* The program has read answers, or has closed its stdin. */
void program_feed_answers_read(struct program_feed *f);

/* Of the modules above: the feed has ended and is done; the fifo has no writer any more. */
void program_on_feed_done(struct program_feed *f);

#endif
