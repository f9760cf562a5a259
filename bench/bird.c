/* SPDX-License-Identifier: MIT */
#include "bench/bird.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/scratch.h"

#define BIRD      ".deps/peers/usr/sbin/bird"
#define LIBRARIES ".deps/peers/usr/lib/*-linux-gnu*"

bool bird_is_there(const char *what)
{
	bool is_there = access(BIRD, X_OK) == 0;
	if (!is_there)
		fprintf(stderr, "bench: %s: left out, no %s (scripts/deps.sh test)\n", what, BIRD);
	return is_there;
}

/* Where the package's own libraries are; not for the agent, whose start they would slow down. */
static void set_library_path(void)
{
	glob_t found;
	if (glob(LIBRARIES, 0, NULL, &found) == 0)
		setenv("LD_LIBRARY_PATH", found.gl_pathv[0], 1);
	globfree(&found);
}

void bird_start(struct subject *s, const char *config, size_t len)
{
	char path[SCRATCH_PATH_MAX], control[SCRATCH_PATH_MAX], pid[SCRATCH_PATH_MAX];
	scratch_write(scratch_path("bird.conf", path), config, len);
	set_library_path();
	subject_exec(s, (const char *const[]){ BIRD, "-f", "-c", path, "-s",
					       scratch_path("bird.control", control), "-P",
					       scratch_path("bird.pid", pid), NULL });
	unsetenv("LD_LIBRARY_PATH");
}
