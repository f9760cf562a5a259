/* SPDX-License-Identifier: MIT */
/* Landlock (landlock(7), Linux 5.13): what this process and its children may do with files. */
#ifndef PROCESS_LANDLOCK_H
#define PROCESS_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* A path that cannot be opened is left out. */
struct landlock_path {
	const char *path; /* a directory stands for all beneath it, a file for itself */
	bool only_create; /* files may be made in it, but not those of others written or removed */
};

/* For good, for this process and its children: files are read everywhere, but written, made and
 * removed only as `paths` allow, and no program is executed. No process outside is traced, nor its
 * environment read. Needs no_new_privs. The kernel's ABI version; 0: it has none, and nothing is
 * restricted. */
int landlock_restrict(const struct landlock_path *paths, size_t n, struct err *err);
/* Files are restricted. */
bool landlock_is_on(void);

#endif
