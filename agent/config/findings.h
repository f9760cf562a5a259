/* SPDX-License-Identifier: MIT */
/* Errors and warnings about a configuration file: what is wrong, and where. Pure. */
#ifndef AGENT_CONFIG_FINDINGS_H
#define AGENT_CONFIG_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

/* Beyond this many, errors are counted but not stored, and one finding says so. */
#define CONFIG_FINDINGS_MAX 50000

#define CONFIG_PATH_MAX 256

/* Notes are for `vipherald check` only, they are not logged. */
enum config_severity { CONFIG_NOTE, CONFIG_WARNING, CONFIG_ERROR };

/* One finding; all of a file are collected, in the order of the file. */
struct config_finding {
	enum config_severity severity;
	char *file;            /* an included one; NULL: the configuration file */
	unsigned line, column; /* from 1; 0 when it concerns the whole file */
	char *path;            /* "bgp.peers[1].peer_as", "" for the whole file */
	char *text;            /* value, and what was expected */
};

struct config_findings {
	struct config_finding *items;
	size_t n, cap;
	size_t n_errors;
	const char *file; /* where the place names none: the included file that is read; a view */
};

/* The place of a finding; built only when there is one to report. */
struct config_place {
	const char *file;      /* an included one; NULL: as config_findings has it */
	unsigned line, column; /* 0: the whole file */
	char path[CONFIG_PATH_MAX];
};
struct config_place config_at_line(unsigned line, unsigned column);

void config_error(struct config_findings *f, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void config_warn(struct config_findings *f, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void config_note(struct config_findings *f, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends what `more` has and empties it. */
void config_findings_move(struct config_findings *f, struct config_findings *more);
/* In the order of the files. Findings that occur twice (of a default that several peers share) are
 * listed once. */
void config_findings_sort(struct config_findings *f);
void config_findings_done(struct config_findings *f);

/* `file`: the configuration file; an included one is named instead. "app.yaml:3:5: error:
 * bgp.peers[1].peer_as: 'abc' is not …", one line, cut to `size`. */
void config_finding_format(const struct config_finding *finding, const char *file, char *buf,
			   size_t size);
/* All of them, a line each. */
void config_findings_print(const struct config_findings *f, const char *file, FILE *out);

#endif
