/* SPDX-License-Identifier: MIT */
/*
 * A program of `processes`: its process, its lines and its routes. Written by the modules of this
 * directory, each of which knows those below it:
 *
 *	programs                 all of them; reload, stop, sessions
 *	program_run              the process: start, end, start again; the fifo
 *	program_feed             lines of a pipe, a few each turn of the loop
 *	program_routes           what a line changes, in the registry
 *	program                  this
 *	outbox                   answers
 *	line route_table …       the grammar, the table of routes (pure)
 */
#ifndef AGENT_PROGRAMS_PROGRAM_H
#define AGENT_PROGRAMS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/model/program_spec.h"
#include "agent/programs/line.h"
#include "agent/programs/line_buffer.h"
#include "agent/programs/outbox.h"
#include "agent/programs/route_listing.h"
#include "agent/programs/route_table.h"
#include "bgp/speaker.h"
#include "lib/backoff.h"
#include "lib/line_limit.h"
#include "lib/list.h"
#include "process/child.h"

/* The agent, as programs see it. Must outlive them. */
struct programs_env {
	sd_event *loop;
	struct registry *registry;
	const struct bgp_speaker *speaker;
	const struct bgp_config *bgp; /* for the router ID */
	/* The user of a program. -errno and a text: it is not known. */
	int (*user)(const struct program_spec *spec, const struct child_user **ret, struct err *err,
		    void *userdata);
	/* Of all commands; ends with NULL. Asked for at each start of a process. */
	char *const *(*environment)(void *userdata);
	void (*reload)(const char *program, void *userdata);
	/* All programs have said their first lines, or had the time to. Once, from the loop. */
	void (*arrived)(void *userdata);
	void *userdata;
};

struct program;

/* Callbacks to the owner of a program. */
struct program_owner {
	void (*gone)(void *userdata);  /* its process has ended in a stop */
	void (*again)(void *userdata); /* its app is there again, program_retry() has its routes */
	void (*reload)(const struct program *p, void *userdata); /* it asks for one */
};

/* A line that is being carried out. */
struct program_job {
	struct line line;
	struct bgp_peer_filter *peers; /* of its selectors; NULL: all */
	size_t next;                   /* of its prefixes */
	bool failed;                   /* for one of them */
	struct route_listing *listing; /* of show adj-rib out; NULL: none */
};

/* Lines come from here. */
struct program_feed {
	struct program *program;
	int fd; /* owned; -1: closed */
	bool is_fifo;
	bool ended;   /* nothing more comes from the pipe */
	bool drained; /* and nothing is left in it */
	size_t left;  /* octets in the pipe at its end that are still to be read */
	sd_event_source *io, *more;
	struct line_buffer buffer;
	bool busy; /* there is a job */
	struct program_job job;
	sd_event_source *wait; /* until the program reads on */
	uint64_t taken;        /* of its answers: when it was last waited for */
	uint64_t unread_at;    /* likewise: when it was given up; UINT64_MAX: it was not */
};

enum program_state {
	PROGRAM_RUNS,
	PROGRAM_WAITS, /* for its next start */
	PROGRAM_DONE,  /* has ended with status 0, and is not started again */
	PROGRAM_READS, /* nothing is run, its lines come from the fifo */
	PROGRAM_STOPS, /* was sent SIGTERM: answered, without any effect */
};
const char *program_state_name(enum program_state s); /* "running", "waiting", … */

struct program {
	struct list_node node;
	const struct programs_env *env;
	struct program_spec spec;
	enum program_state state;
	mono_t state_since;
	struct child *child; /* NULL: none */
	int errors_fd;       /* its stderr */
	sd_event_source *errors_io;
	struct line_buffer errors;
	struct outbox answers;
	struct program_feed out, fifo;
	struct route_table routes;
	bool silent;  /* no acknowledgements */
	bool settled; /* its end is to be carried out when its last lines are */
	bool warned_of_path_id;
	bool arrived;
	mono_t last_route;                 /* when a line with a route came; 0: none has */
	sd_event_source *timer;            /* the next start; in a stop SIGKILL */
	const struct program_owner *owner; /* NULL: none */
	void *owner_userdata;
	sd_event_source *fifo_retry;
	struct backoff backoff;
	struct line_limit refused_lines, error_lines;
	uint64_t n_lines, n_errors, n_starts,
		n_failures;     /* lines refused; ends that were failures */
	uint64_t n_told;        /* of sessions */
	char unregistered[200]; /* why its app could not be registered; "": it could */
	char ended[200];        /* how its process last ended; "" */
	char last_error[300];   /* why a line was refused; "" */
};

/* Its app; NULL: it is not registered. */
struct app *program_app(const struct program *p);
/* May a line of this kind be written now? One that may comes behind how many, since the last one,
 * may not have. `what`: "lines were refused". */
bool program_may_log(const struct program *p, struct line_limit *l, const char *what);
/* It has ended several times in a row, and has not run for long since. */
bool program_keeps_failing(const struct program *p, mono_t now);
/* One that has run for so long is started at once when it ends. */
#define PROGRAM_RAN_WELL (60 * USEC_PER_SEC)
void program_set_state(struct program *p, enum program_state state);

#endif
